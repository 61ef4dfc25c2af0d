// Package jenkinsfile reads the few words of a declarative pipeline that our example
// has, and refuses all others. It runs nothing.
package jenkinsfile
