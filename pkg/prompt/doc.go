// Package prompt asks a person at a terminal. It is the last resort: what can
// be given by a flag is never asked for when there is nobody to answer, and the
// error then names the flag.
//
// Questions are written to the terminal and never to standard output. It is
// the only importer of the library that draws menus; on a terminal that can
// only write lines, plain lines are used instead. Secrets are read from the
// terminal device without echo.
package prompt
