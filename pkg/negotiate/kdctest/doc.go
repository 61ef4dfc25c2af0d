// Package kdctest starts real Kerberos services for tests: MIT's KDC and a
// Samba domain controller, on loopback addresses and in folders of their own.
// They end with the test, or with the process that started them.
//
// It is for Linux, where the programs come from Debian's packages. A test is
// skipped with one line where they are missing.
package kdctest
