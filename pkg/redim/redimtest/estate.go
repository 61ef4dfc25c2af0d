package redimtest

import (
	"time"

	"github.com/redim-tools/redim/pkg/secret"
)

// Estate is what the stand-in server knows at start: people, machines, and who
// may do what. Names compare without regard to case. The YAML form is
// described in docs/simulate.md.
type Estate struct {
	Domains        []Domain        `yaml:"domains"`
	Authenticators []string        `yaml:"authenticators"` // besides the domains
	Service        Service         `yaml:"service"`
	Settings       Settings        `yaml:"settings"`
	Roles          []Role          `yaml:"roles"`
	Identities     []Identity      `yaml:"identities"`
	Systems        []System        `yaml:"systems"`
	DomainAccounts []DomainAccount `yaml:"domain_accounts"`
	SharedLists    []SharedList    `yaml:"shared_lists"`
	Grants         []Grant         `yaml:"grants"`
	ManagementSets []ManagementSet `yaml:"management_sets"`
	Jobs           []TemplateJob   `yaml:"jobs"`
}

// Domain is a Windows domain; its NetBIOS name is an authenticator.
type Domain struct {
	Name    string `yaml:"name"`
	NetBIOS string `yaml:"netbios"`
}

// Service is how the installation behaves. Zero durations mean the default.
type Service struct {
	Errors            ErrorProfile      `yaml:"errors"`             // default C
	TokenLifetime     time.Duration     `yaml:"token_lifetime"`     // default 30m
	TokenSliding      bool              `yaml:"token_sliding"`      // use prolongs a token
	TokenLimit        int               `yaml:"token_limit"`        // live tokens of one identity; default 0: no limit
	BeyondTokenLimit  string            `yaml:"beyond_token_limit"` // refuse (default), or end_oldest
	CheckoutLifetime  time.Duration     `yaml:"checkout_lifetime"`  // default 1h
	JobDuration       time.Duration     `yaml:"job_duration"`       // default 0: a job is done at once
	JobDelay          time.Duration     `yaml:"job_delay"`          // default 0: a job that is to run now does
	JobReply          string            `yaml:"job_reply"`          // number (default), string or object
	UnknownSystem     string            `yaml:"unknown_system"`     // empty (default) or not_found
	DomainNames       string            `yaml:"domain_names"`       // prefixed (default) or bare, in listings
	Dialects          []string          `yaml:"dialects"`           // interfaces that there are; default all
	NoHelpPage        bool              `yaml:"no_help_page"`       // .../help answers 404
	MissingOperations []string          `yaml:"missing_operations"` // answer 404, as if the installation had none
	RenamedOperations map[string]string `yaml:"renamed_operations"` // name here -> name on this installation
}

// Settings is what WriteDir puts into the settings file besides the addresses.
type Settings struct {
	APIUser      string           `yaml:"api_user"`      // default: the first identity that impersonates
	TemplateJobs map[string]int64 `yaml:"template_jobs"` // default: the estate's template jobs
}

// Role is a named set of permissions.
type Role struct {
	Name        string   `yaml:"name"`
	Permissions []string `yaml:"permissions"`
}

// Identity is someone who may sign in: DOMAIN\name, or a bare name for an
// explicit account.
type Identity struct {
	Name         string         `yaml:"name"`
	Repeat       int            `yaml:"repeat"`   // make that many; {n} in the name counts from 1
	Password     secret.Value   `yaml:"password"` // generated when empty
	Permissions  []string       `yaml:"permissions"`
	Roles        []string       `yaml:"roles"`
	Impersonates []string       `yaml:"impersonates"` // identities, roles, or * for everyone
	Certificate  bool           `yaml:"certificate"`  // may sign in with a client certificate
	Principal    string         `yaml:"principal"`    // NAME@REALM of its Kerberos tickets; an account of a domain has one without this
	MFACodes     []secret.Value `yaml:"mfa_codes"`    // one-time codes, of which a log-in with a password needs one
}

// System is a machine with its accounts.
type System struct {
	Name        string    `yaml:"name"`
	Repeat      int       `yaml:"repeat"`
	FQDN        string    `yaml:"fqdn"`
	Aliases     []string  `yaml:"aliases"`
	Address     string    `yaml:"address"`
	Type        string    `yaml:"type"`        // account-store type of its accounts
	Instance    string    `yaml:"instance"`    // of a database
	Unreachable bool      `yaml:"unreachable"` // jobs on it fail
	Accounts    []Account `yaml:"accounts"`
}

// Account is a stored credential.
type Account struct {
	Name         string       `yaml:"name"`
	Type         string       `yaml:"type"`        // default: the system's
	Instance     string       `yaml:"instance"`    // default: the system's
	CustomType   string       `yaml:"custom_type"` // only for type custom
	Namespace    string       `yaml:"namespace"`   // default: by type
	AssetTag     string       `yaml:"asset_tag"`
	Password     secret.Value `yaml:"password"` // generated when empty
	Random       bool         `yaml:"random"`
	AutoSpin     bool         `yaml:"auto_spin"`
	CheckedOutBy string       `yaml:"checked_out_by"` // already held at start, without an end
	LastChanged  time.Time    `yaml:"last_changed"`
}

// DomainAccount lists the stored accounts of one domain.
type DomainAccount struct {
	Domain   string    `yaml:"domain"`
	Accounts []Account `yaml:"accounts"`
}

// SharedList is a shared credential list.
type SharedList struct {
	Name    string        `yaml:"name"`
	Entries []SharedEntry `yaml:"entries"`
}

// SharedEntry is one credential of a list; System is a free label.
type SharedEntry struct {
	System       string       `yaml:"system"`
	Account      string       `yaml:"account"`
	Password     secret.Value `yaml:"password"` // generated when empty
	CheckedOutBy string       `yaml:"checked_out_by"`
}

// Grant gives one identity or role permissions on single accounts. A name may
// end in * to stand for all that begin so.
type Grant struct {
	To          string   `yaml:"to"`
	Systems     []string `yaml:"systems"`
	Domains     []string `yaml:"domains"`
	Lists       []string `yaml:"lists"`
	Accounts    []string `yaml:"accounts"` // default: all accounts there
	Permissions []string `yaml:"permissions"`
}

// ManagementSet is a named group of systems.
type ManagementSet struct {
	Name    string   `yaml:"name"`
	Systems []string `yaml:"systems"`
}

// TemplateJob is a password-change job that never runs by itself. Settings
// override members of its PasswordChangeSettings.
type TemplateJob struct {
	ID       int64          `yaml:"id"`
	Type     string         `yaml:"type"`
	Comment  string         `yaml:"comment"`
	Settings map[string]any `yaml:"settings"`
}

// ErrorProfile says how the service refuses.
type ErrorProfile string

// The error profiles of the protocol reference, section 12.1.
const (
	ErrorsAs200    ErrorProfile = "A" // 200 with an unsuccessful object
	ErrorsAsHTML   ErrorProfile = "B" // 400 with an HTML page
	ErrorsAsStatus ErrorProfile = "C" // 401, 403, 404, 409 and 500 with JSON; the default
)
