// Package vaultapp is the wiring of vault: to the App that package app builds it
// adds the store and its master key. Of the product only this package knows
// package store.
package vaultapp
