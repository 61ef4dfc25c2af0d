// Package term holds the three streams of a command and what is known about
// them: which are terminals, how wide, whether a question may be asked.
//
// It also makes text from elsewhere fit for a terminal (see Safe). It formats
// nothing and asks nothing: that is what packages render and prompt do.
package term
