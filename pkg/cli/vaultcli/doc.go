// Package vaultcli is what the leaves of vault share beyond package cli: an App
// that can open the vault. It is apart from cli so that redim, which has the
// same App below, links nothing of the vault.
package vaultcli
