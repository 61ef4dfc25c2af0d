// Package exchange reads and writes the files that integrations and credentials
// are imported from and exported to: YAML and CSV for integrations, never with
// a secret; CSV for credentials, with one. It decides nothing: rows go to
// vault.Service, which plans and keeps them.
package exchange
