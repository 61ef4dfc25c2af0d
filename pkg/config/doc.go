// Package config is the settings: what there is to set, where each value came
// from, whether it can be right, and the file that keeps it.
//
// One table of keys (Keys) is behind everything: the strict reading of the
// file, the environment variables, --set, completion, and the documentation.
// Precedence is --set, then the environment, then the profile in the file, then
// the default.
//
// It opens no connection and resolves no secret: a secret is named by its
// source. Nothing is computed when the package is loaded.
package config
