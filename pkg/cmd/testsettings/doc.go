// Package testsettings is the command test-settings: it looks credentials up
// with the settings as they are given now, saved or not, and never asks for a
// password.
package testsettings
