// Package e2e holds tests only: it runs the scripts of testdata/script against
// the real entry points, each call a process of its own, and tests what holds
// for both command trees and for the source as a whole.
//
// A script is testscript's txtar with these commands more:
//
//	exits N prog args...     runs prog and wants exactly this exit code
//	reveal prog args...      runs prog, whose output may hold a secret
//	reveal exits N prog ...  both
//	pty dialogue prog args.. is a program: a person at a terminal (package dialogue);
//	                         -out FILE sends prog's standard output there instead
//	simulate [flags]         starts a stand-in server until the script ends, with its
//	                         files in sim; sets SIM, URL and REDIM_CONFIG
//	faults [spec...]         sets the server's faults
//	advance D                lets the server's clock advance
//	stats PATH WANT          compares one of the server's counters
//	served WHAT              shows the server's jobs, events, stats or faults
//	jsonpath FILE PATH WANT  compares one value of a JSON file, or of stdout or stderr
//	fields FILE              shows the members of a JSON document, to compare with cmp
//	canary-allow FILE...     these files may hold a secret
//
// The scripts of redim that start a server run once in each dialect, which is in
// $DIALECT; a line that is for one of them begins with [dialect:NAME]. In all of
// them an operation is named as JSON V2 names it.
//
// After each script its directory and its log are searched for secrets in the
// clear and in every usual encoding. A file of the script itself that did not
// change, and the server's password file, may hold one.
//
// REDIM_UPDATE_SCRIPTS=1 rewrites the golden parts that cmp compares with.
package e2e
