// Package config is the command group config: it shows and changes the
// settings file. What there is to set, and how a file is changed without
// touching the rest of it, is the business of the package of the same name
// below; here are flags, questions and words.
package config
