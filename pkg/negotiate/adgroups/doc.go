// Package adgroups reads group memberships out of the privilege data (PAC) that
// Active Directory puts into Kerberos tickets. It stands apart from negotiate
// because what it links is large, and only a server wants it.
package adgroups
