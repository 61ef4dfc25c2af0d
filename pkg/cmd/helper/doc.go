// Package helper is the group of commands "helper": each answers one other program
// in that program's own words, with credentials that it checks out.
package helper
