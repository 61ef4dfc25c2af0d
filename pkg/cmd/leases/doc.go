// Package leases holds vault's commands checkout, checkin and checkouts. They
// check out through the same engine as redim's, with the vault as the source of
// credentials and as the journal, and hand secrets out in the same way.
package leases
