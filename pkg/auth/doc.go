// Package auth stands between the network and the vault: where a call comes
// from when proxies stand between, how fast somebody may guess, how many slow
// hashes run at once, and which account a Kerberos token proves. It knows
// neither integrations nor HTTP's answers; what it refuses are errors that say
// when to try again.
//
// Everything here is safe for concurrent use and bounded in memory, whoever
// calls.
package auth
