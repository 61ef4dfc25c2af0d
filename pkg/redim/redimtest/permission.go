package redimtest

import "strings"

// The permissions that gate operations here. Names are the service's own,
// without the word Permission in front.
const (
	permAllAccess         = "AllAccess"
	permEditPasswordLists = "EditPasswordLists"
	permIgnoreCheckout    = "IgnorePasswordCheckout"
	permLogon             = "Logon"
	permViewAccounts      = "ViewAccounts"
	permViewPasswords     = "ViewPasswords"
	permViewSystems       = "ViewSystems"
	permCreateRefresh     = "CreateRefreshSystemJob"
	permAddPasswords      = "AddPasswordsForManagedSystems"
	permViewDelegation    = "ViewDelegation"
)

// permissionNames lists every permission an identity or role may carry.
func permissionNames() []string {
	return strings.Fields(`AccessRemoteSessions AddPasswordsForManagedSystems AllAccess CreateRefreshSystemJob
		EditDelegation EditPasswordLists EditStoredPasswords ElevateAccountPermissions ElevateAnyAccountPermissions
		GrantPasswordRequests IgnorePasswordCheckout Logon PersonalStore RequestPasswords RequestRemoteAccess
		RequireOATH RequireRSASecurID SelfRecovery ViewAccounts ViewDashboards ViewDelegation ViewFileStore ViewJobs
		ViewPasswordActivity ViewPasswordHistory ViewPasswords ViewScheduler ViewSystems ViewWebLogs`)
}

// grantNames lists the permissions that may be given on single accounts.
func grantNames() []string {
	return strings.Fields(`ViewAccounts ViewPasswords RequestPasswords GrantPasswordRequests AllowRemoteSessions`)
}

type permissions map[string]bool

func newPermissions(names ...string) permissions {
	p := permissions{}
	for _, n := range names {
		p[strings.ToLower(n)] = true
	}
	return p
}

func (p permissions) add(o permissions) {
	for n := range o {
		p[n] = true
	}
}

// has reports one permission; AllAccess includes all others.
func (p permissions) has(name string) bool {
	return p[strings.ToLower(name)] || p["allaccess"]
}
