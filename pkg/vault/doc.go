// Package vault holds the rules of the vault side: integration records,
// credentials and their secret versions, policies, requests for approval, and
// leases. It knows neither SQL nor HTTP nor a terminal: what it needs from
// outside are its ports, Store and Keys.
//
// Service holds the use cases. A Session of it is an engine.Source and an
// engine.Journal at once, so that a check-out from the vault goes through the
// same engine as one from RED IM.
//
// Ids of all records are UUIDs of version 7: they are made without asking
// anybody, and their order is the order of creation. A lease has the id that
// the engine gave its check-out.
package vault
