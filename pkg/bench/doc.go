// Package bench holds benchmarks of whole commands, each beside the limit that
// it is compared with in the same run. It has no code besides its tests;
// docs/performance.md tells how to run it and what came out.
package bench
