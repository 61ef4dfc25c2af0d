package config

import "time"

// Keys is the table of all settings, in the order of the documentation.
func Keys() []Key {
	keys := make([]Key, 0, 48)
	keys = append(keys, of(ToolRedim, vendorKeys())...)
	keys = append(keys, of(ToolRedim, signInKeys())...)
	keys = append(keys, reachKeys()...)
	keys = append(keys, of(ToolRedim, transportKeys())...)
	keys = append(keys, ownKeys()...)
	keys = append(keys, jobKeys()...)
	keys = append(keys, helperKeys()...)
	keys = append(append(keys, vaultKeys()...), integrationKeys()...)
	keys = append(keys, serveKeys()...)
	return append(keys, doorKeys()...)
}

// of says which command alone reads the keys.
func of(tool string, keys []Key) []Key {
	for i := range keys {
		keys[i].Tool = tool
	}
	return keys
}

// The commands that read settings.
const (
	ToolRedim = "redim"
	ToolVault = "vault"
)

// vendorKeys are the twelve that the vendor's own settings have too.
func vendorKeys() []Key {
	return []Key{
		{Name: "endpoint_url", Type: TypeURL, Required: true, Vendor: "Endpoint URL", Example: "https://pam.example.com/ERPMWebService/AuthService.svc",
			Doc:   "Full address of the SDK web service. The addresses of all dialects are derived from it; the name of the IIS application is free. `http` is refused, except for a loopback host or with `--accept-risk=cleartext`.",
			field: func(s *Settings) any { return &s.EndpointURL }},
		{Name: "api_user", Type: TypeText, Required: true, Vendor: "API User", Example: "svc-redim",
			Doc:   "The delegation identity: the one that signs in and may impersonate the others. Without a domain; that is `authenticator`.",
			field: func(s *Settings) any { return &s.APIUser }},
		{Name: "api_password", Type: TypeSecret, Required: true, Kept: true, SignIn: SignInPassword, Vendor: "API Password", Example: "env:REDIM_API_SECRET",
			Doc:   "Where the password of `api_user` is read from; never the password itself. See [secret sources](#secret-sources).",
			field: func(s *Settings) any { return &s.APIPassword }},
		{Name: "authenticator", Type: TypeText, Vendor: "Authenticator", Example: "EX",
			Doc:   "The authenticator of `api_user`, usually the NetBIOS name of its domain. Empty means an explicit account of RED IM itself.",
			field: func(s *Settings) any { return &s.Authenticator }},
		{Name: "default_domain", Type: TypeText, Vendor: "Default Domain for Local Users", Example: "EX",
			Doc:   "Tried first for a session user that comes without a domain. Mapped by `domain_map` like any other.",
			field: func(s *Settings) any { return &s.DefaultDomain }},
		{Name: "fallback_to_local", Type: TypeBool, Default: "false", Vendor: "Enable fall-back to local account if domain account not found", Example: "true",
			Doc:   "After a user with a domain, try the bare user name too.",
			field: func(s *Settings) any { return &s.FallbackToLocal }},
		{Name: "domain_map", Type: TypeDomains, Vendor: "Map Domains", Example: "example.local=EX,corp.example=CORP",
			Doc:   "NetBIOS names of fully qualified domains. Case does not matter; a NetBIOS name has 1 to 15 characters; one domain, one name. `redim config import-domains` reads lines `FQDN=NetBIOS`.",
			field: func(s *Settings) any { return &s.DomainMap }},
		{Name: "include_shared_lists", Type: TypeBool, Default: "false", Vendor: "Include credentials from Shared Credential Lists", Example: "true",
			Doc:   "Look also through the shared credential lists for entries of the endpoint.",
			field: func(s *Settings) any { return &s.IncludeSharedLists }},
		{Name: "prefer_ip", Type: TypeBool, Default: "false", Vendor: "Prefer lookup of credentials by IP address over hostname", Example: "true",
			Doc:   "Look an endpoint up by its address first. Where no address is known, the host name is used.",
			field: func(s *Settings) any { return &s.PreferIP }},
		{Name: "spin_jobs", Type: TypeBool, Default: "false", Vendor: "Enable creation of password spin jobs", Example: "true",
			Doc:   "After a check-in, create a password-change job for credentials that are random and set to auto-spin. Needs `template_jobs`.",
			field: func(s *Settings) any { return &s.SpinJobs }},
		{Name: "job_comment", Type: TypeText, Default: "Checked out by <username>", Vendor: "Job Comment", Example: "Checked out by <username>",
			Doc:   "Comment of a spin job. Each `<username>` becomes the RED IM identity that performed the check-out.",
			field: func(s *Settings) any { return &s.JobComment }},
		{Name: "template_jobs", Type: TypeJobs, Vendor: "Password Change Template Job IDs", Example: "windows=101,linux=102",
			Doc:   "Per account type, the id of the job that spin jobs are modelled on. The types are listed [below](#account-types).",
			field: func(s *Settings) any { return &s.TemplateJobs }},
	}
}

// signInKeys say how the delegation identity proves who it is.
func signInKeys() []Key {
	return []Key{
		{Name: "sign_in", Type: TypeChoice, Default: SignInPassword, Choices: []string{SignInPassword, SignInCertificate, SignInKerberos}, Example: SignInKerberos,
			Doc:   "How `api_user` signs in: with `api_password`; with the client certificate of `tls.client_cert`; or with a Kerberos ticket, where the web application has Windows authentication switched on. [Signing in](signing-in.md) tells more of each.",
			field: func(s *Settings) any { return &s.SignIn }},
		{Name: "mfa_code", Type: TypeSecret, Example: "prompt",
			Doc:   "Where a one-time code is read from at each log-in with a password, for an identity that needs one: `prompt` asks at the terminal. The code is used once and never kept. See [secret sources](#secret-sources).",
			field: func(s *Settings) any { return &s.MFACode }},
		{Name: "kerberos.spn", Type: TypeText, check: checkSPN, Example: "HTTP/pam.example.com",
			Doc:   "Service principal name of the web service, perhaps with `@REALM`. Without it `HTTP/` and the host of the URL, as it stands there: no alias is resolved.",
			field: func(s *Settings) any { return &s.Kerberos.SPN }},
		{Name: "kerberos.keytab", Type: TypeText, paths: Origin.resolve, Example: "/etc/redim/svc-redim.keytab",
			Doc:   "Keytab to sign in from. Without it the credential cache that `kinit` filled: `KRB5CCNAME`, else `default_ccache_name` of krb5.conf, else `/tmp/krb5cc_UID`. krb5.conf is `KRB5_CONFIG`, else `/etc/krb5.conf`.",
			field: func(s *Settings) any { return &s.Kerberos.Keytab }},
		{Name: "kerberos.principal", Type: TypeText, Example: "svc-redim@EXAMPLE.COM",
			Doc:   "Whose ticket it has to be. Without it `api_user`, of whatever realm; another one's ticket is refused.",
			field: func(s *Settings) any { return &s.Kerberos.Principal }},
	}
}

// reachKeys say how a service is reached: RED IM by redim, a vault by vault.
func reachKeys() []Key {
	return []Key{
		{Name: "tls.ca_file", Type: TypeText, paths: Origin.resolve, Example: "/etc/redim/ca.pem",
			Doc:   "Certificates (PEM) of a private authority. When set, only it is trusted, not the system's authorities. There is no setting that skips verification.",
			field: func(s *Settings) any { return &s.TLS.CAFile }},
		{Name: "tls.client_cert", Type: TypeText, paths: Origin.resolve, Example: "/etc/redim/client.pem",
			Doc:   "Client certificate (PEM), for a service that asks for one, and for `sign_in` = `certificate`. Needs `tls.client_key`.",
			field: func(s *Settings) any { return &s.TLS.ClientCert }},
		{Name: "tls.client_key", Type: TypeText, paths: Origin.resolve, Example: "/etc/redim/client.key",
			Doc:   "Private key (PEM) of `tls.client_cert`.",
			field: func(s *Settings) any { return &s.TLS.ClientKey }},
		{Name: "tls.server_name", Type: TypeText, Example: "pam.example.com",
			Doc:   "Name to expect in the service's certificate, where it differs from the host in `endpoint_url`.",
			field: func(s *Settings) any { return &s.TLS.ServerName }},
		{Name: "tls.min_version", Type: TypeChoice, Default: "1.2", Choices: []string{"1.2", "1.3"}, Example: "1.3",
			Doc:   "Lowest version of TLS to speak.",
			field: func(s *Settings) any { return &s.TLS.MinVersion }},
		{Name: "timeout", Type: TypeDuration, Default: "30s", Example: "1m", Min: int64(time.Millisecond), Max: int64(time.Hour),
			Doc:   "Longest wait for one answer.",
			field: func(s *Settings) any { return &s.Timeout }},
	}
}

// transportKeys say more of how RED IM is reached.
func transportKeys() []Key {
	return []Key{
		{Name: "fallback_urls", Type: TypeURLs, Example: "https://pam2.example.com/ERPMWebService/AuthService.svc",
			Doc:   "Further addresses of the same RED IM, tried in order when `endpoint_url` does not answer; several with commas, in the file also as a list. [Outages](outages.md) tells what moves on and what does not.",
			field: func(s *Settings) any { return &s.FallbackURLs }},
		{Name: "max_parallel", Type: TypeInt, Default: "8", Example: "16", Min: 1, Max: 256,
			Doc:   "Requests in flight at one time, at most.",
			field: func(s *Settings) any { return &s.MaxParallel }},
		{Name: "dialect", Type: TypeChoice, Default: "auto", Choices: []string{"auto", "json-v2", "json-v1", "rest"}, Example: "json-v2",
			Doc:   "Interface of the service to speak. `auto` asks the service which it has, once, without signing in, and remembers the answer in the cache directory.",
			field: func(s *Settings) any { return &s.Dialect }},
		{Name: "dialect_operations", Type: TypeTree, Example: "{log_out: {path: Logout}}",
			Doc:   "Operations that differ in this installation, by the keys and in the form that `redim dialect show` prints. Checked when the settings are read.",
			field: func(s *Settings) any { return &s.DialectOperations }},
	}
}

// ownKeys belong to this tool alone.
func ownKeys() []Key {
	return []Key{
		{Name: "cache.key", Type: TypeText, Default: "file", Example: "keyring", check: checkCacheKey, paths: resolveCacheKey,
			Doc:   "What the token cache is encrypted with: `file` (a key file, mode 0600, made on first use), `file:PATH`, `keyring` (of the operating system), `passphrase:SOURCE` (a [secret source](#secret-sources)) or `systemd:NAME` (a systemd credential). What is chosen is used or refused, never replaced by something weaker.",
			field: func(s *Settings) any { return &s.Cache.Key }},
		{Name: "cache.token_ttl", Type: TypeDuration, Default: "20m", Example: "1h", Min: int64(time.Second), Max: int64(24 * time.Hour),
			Doc:   "How long a token is taken to live when the service does not say.",
			field: func(s *Settings) any { return &s.Cache.TokenTTL }},
	}
}

// jobKeys say what is taken from the CI job that a command runs in.
func jobKeys() []Key {
	return []Key{
		{Name: "ci.job", Type: TypeBool, Default: "true", Example: "false",
			Doc:   "In a CI job, a check-out that comes without a comment gets the job's address and commit as one, and one without a ticket gets the number in the name of the change or its branch. See [CI](ci.md).",
			field: func(s *Settings) any { return &s.CI.Job }},
		{Name: "ci.ticket", Type: TypeText, Default: DefaultTicket, Example: "#([0-9]+)", check: checkPattern,
			Doc:   "What a ticket's number looks like there: a regular expression, of which the first group counts, if it has one.",
			field: func(s *Settings) any { return &s.CI.Ticket }},
	}
}

// helperKeys say what other programs get, which call a helper without flags.
func helperKeys() []Key {
	return []Key{
		{Name: "helper.user", Type: TypeText, Tool: ToolRedim, check: checkUser, Example: `EX\alice`,
			Doc:   "The session's user, in whose name `redim helper` checks credentials out for summon, git and docker. See [credential helpers](credential-helpers.md).",
			field: func(s *Settings) any { return &s.Helper.User }},
		{Name: "helper.credentials", Type: TypeServers, Tool: ToolRedim, Example: "git.example.com=web01/svc-web,registry.example.com:5000=web01/ilo-admin?list=Network gear",
			Doc:   "Per server that git or docker signs in to, the credential that it gets there: `ENDPOINT/ACCOUNT`, or `ENDPOINT/ACCOUNT?list=LIST` for one of a shared list. A server is `HOST`, `HOST:PORT`, or either with the beginning of a path (`git.example.com/team`), of which the longest that fits counts; for docker also `https://index.docker.io/v1/`.",
			field: func(s *Settings) any { return &s.Helper.Credentials }},
	}
}

// vaultKeys say where the vault keeps its records.
func vaultKeys() []Key {
	return []Key{
		{Name: StoreKey, Type: TypeText, Tool: ToolVault, Default: StoreDefault, Example: "sqlite:/srv/redim/vault.db", check: checkStore, paths: resolveStore,
			Doc:   "Where `vault` keeps its records: `sqlite` (the file `vault.db` in the user's data directory, made on first use), `sqlite:PATH`, or `postgres://USER@HOST:PORT/DATABASE` (several hosts with commas). A password never stands here: PostgreSQL's password file or `PGPASSWORD` has it.",
			field: func(s *Settings) any { return &s.Store }},
		{Name: "key", Type: TypeText, Tool: ToolVault, Default: "file", Example: "file:/etc/redim/master.key", check: checkCacheKey, paths: resolveCacheKey,
			Doc:   "The master key, which wraps every secret in the vault's store: `file` (the file `master.key` in the user's data directory, mode 0600, made with the store), `file:PATH`, `keyring`, `passphrase:SOURCE` (a [secret source](#secret-sources)) or `systemd:NAME`. Without it nothing in the store can be opened: keep a backup of it, and not beside that of the store.",
			field: func(s *Settings) any { return &s.Key }},
		{Name: "rotators", Type: TypeRotators, Tool: ToolVault, Example: "unix=cmd:/etc/redim/rotate-unix --now",
			Doc:   "Programs that give a credential a new secret after it was given back, by the names that policies have for them. See [rotators](vault-rotators.md) for what they are told and what they answer.",
			field: func(s *Settings) any { return &s.Rotators }},
	}
}

// integrationKeys say which vault serve is asked, and as whom.
func integrationKeys() []Key {
	return []Key{
		{Name: ServerKey, Type: TypeText, Tool: ToolVault, Example: "https://vault.example.com:8443", check: checkServer,
			Doc:   "Address of a `vault serve`. When it is set, `vault checkout`, `exec`, `checkin`, `checkouts` and `requests` ask that server as an integration, and not the store; `--server` does so for one call.",
			field: func(s *Settings) any { return &s.Server }},
		{Name: "integration", Type: TypeText, Tool: ToolVault, Example: "nightly",
			Doc:   "Name of the integration that signs in at `server`.",
			field: func(s *Settings) any { return &s.Integration }},
		{Name: "credential", Type: TypeSecret, Tool: ToolVault, Example: "env:NIGHTLY_SECRET",
			Doc:   "Where the application credential of `integration` is read from; never the credential itself. See [secret sources](#secret-sources).",
			field: func(s *Settings) any { return &s.Credential }},
		{Name: "integration_account", Type: TypeText, Tool: ToolVault, Example: "svc-build@EX.EXAMPLE.COM",
			Doc:   "The account of `integration`, if that is one with a Windows account: it signs in with a Kerberos ticket of this account, and not with `credential`. The ticket is for `HTTP/` and the host of `server`.",
			field: func(s *Settings) any { return &s.IntegrationAccount }},
		{Name: "integration_keytab", Type: TypeText, Tool: ToolVault, paths: Origin.resolve, Example: "/etc/redim/svc-build.keytab",
			Doc:   "Keytab of `integration_account`. Without it the credential cache that `kinit` filled, found as for `kerberos.keytab`.",
			field: func(s *Settings) any { return &s.IntegrationKeytab }},
	}
}

// serveKeys say how vault serve is reached.
func serveKeys() []Key {
	return []Key{
		{Name: "listen", Type: TypeText, Tool: ToolVault, Default: "127.0.0.1:8443", Example: "0.0.0.0:8443", check: checkListen,
			Doc:   "Address and port where `vault serve` answers. A socket that systemd hands over is used instead.",
			field: func(s *Settings) any { return &s.Listen }},
		{Name: "metrics_listen", Type: TypeText, Tool: ToolVault, Example: "127.0.0.1:9443", check: checkListen,
			Doc:   "Address and port of a second listener for `/metrics`, `/healthz` and `/readyz`, which asks nobody who they are. On a loopback address it speaks plain HTTP, elsewhere HTTPS. Without it these answer to this machine only, at `listen`.",
			field: func(s *Settings) any { return &s.MetricsListen }},
		{Name: "tls.cert_file", Type: TypeText, Tool: ToolVault, paths: Origin.resolve, Example: "/etc/redim/server.pem",
			Doc:   "Certificate (PEM) of `vault serve`, followed by those of the authorities between. Read again when it changes.",
			field: func(s *Settings) any { return &s.TLS.CertFile }},
		{Name: "tls.key_file", Type: TypeText, Tool: ToolVault, paths: Origin.resolve, Example: "/etc/redim/server.key",
			Doc:   "Private key (PEM) of `tls.cert_file`.",
			field: func(s *Settings) any { return &s.TLS.KeyFile }},
	}
}
