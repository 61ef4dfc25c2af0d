// Package cli holds what the leaves of both command trees share: the App with
// its lazy constructors, the global flags, helpers that build commands, and the
// one table from failure classes to exit codes.
//
// Nothing here touches a file, the environment or the network while a tree is
// built; that happens when a command runs.
package cli
