// Package render writes results to standard output: a table on a terminal,
// tab-separated lines in a pipe, or JSON, YAML and CSV on request. A list
// declares its columns once for all of them.
//
// Text from elsewhere is made safe for terminals; table cells are never
// wrapped or cut, and lines never end in spaces. It is the only importer of the
// library that draws tables. Errors of writing are returned, never dropped.
package render
