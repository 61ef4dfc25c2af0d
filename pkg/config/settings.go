package config

import (
	"strconv"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// Settings are the values of one profile after all layers. Fields are as
// given, apart from defaults and from paths of the file, which are made
// relative to its folder. They are not known to be right before Validate.
type Settings struct {
	Path    string // the settings file, existing or not; empty when there is no place for one
	Profile string

	EndpointURL        string
	APIUser            string
	APIPassword        secret.Source
	SignIn             string // password, certificate or kerberos
	MFACode            secret.Source
	Kerberos           Kerberos
	FallbackURLs       []string
	Authenticator      string
	DefaultDomain      string
	FallbackToLocal    bool
	DomainMap          pam.DomainMap
	IncludeSharedLists bool
	PreferIP           bool
	SpinJobs           bool
	JobComment         string
	TemplateJobs       map[pam.StoreType]int64
	TLS                TLS
	Timeout            time.Duration
	MaxParallel        int
	Dialect            string
	DialectOperations  map[string]any
	Cache              Cache
	CI                 CI
	Helper             Helper
	Store              string                   // sqlite, sqlite:PATH or postgres://…
	Key                string                   // of the store, in the forms of Cache.Key
	Rotators           map[string]secret.Source // commands, by the names that policies have for them
	Server             string                   // https://HOST:PORT of a vault serve; empty: the store itself
	Integration        string
	IntegrationAccount string // principal whose ticket signs in; empty: Credential does
	IntegrationKeytab  string
	Credential         secret.Source
	Listen             string // host:port
	MetricsListen      string // as Listen; empty: none of its own
	Door               Door

	tool    string // the command that reads the settings; empty: none in particular
	table   []Key  // nil is Keys()
	values  map[string]value
	pathErr error // why there is no place for the file
	missing bool  // the file does not exist
	loose   bool  // others may read the file
}

// CI is what is taken from a CI job.
type CI struct {
	Job    bool
	Ticket string // a regular expression
}

// TLS is how the service's certificate is checked and ours is shown.
type TLS struct {
	CAFile     string
	ClientCert string
	ClientKey  string
	ServerName string
	MinVersion string // 1.2 or 1.3
	CertFile   string // of a server
	KeyFile    string
}

// Ways to sign in.
const (
	SignInPassword    = "password"
	SignInCertificate = "certificate"
	SignInKerberos    = "kerberos"
)

// Kerberos is how a ticket is come by, and for what.
type Kerberos struct {
	SPN       string // empty: HTTP/ and the host
	Keytab    string // empty: the credential cache
	Principal string // empty: api_user
}

// Cache is how tokens are kept.
type Cache struct {
	Key      string // file, file:PATH, keyring, passphrase:SOURCE or systemd:NAME
	TokenTTL time.Duration
}

// Identity is the delegation identity.
func (s *Settings) Identity() pam.Identity {
	return pam.Identity{Domain: s.Authenticator, Name: s.APIUser}
}

// Layer says which layer a value came from.
type Layer string

// The layers, the strongest first.
const (
	LayerFlag    Layer = "flag"
	LayerEnv     Layer = "env"
	LayerProfile Layer = "profile"
	LayerDefault Layer = "default"
)

// Origin says where a value came from.
type Origin struct {
	Layer Layer  `json:"layer" yaml:"layer"`
	Name  string `json:"name,omitempty" yaml:"name,omitempty"` // variable, or the profile's name
	File  string `json:"file,omitempty" yaml:"file,omitempty"`
	Line  int    `json:"line,omitempty" yaml:"line,omitempty"` // 0 when it has none
}

// String is short and clickable: --set, --store, REDIM_TIMEOUT, settings.yaml:12, default.
func (o Origin) String() string {
	switch {
	case o.Layer == LayerFlag && strings.HasPrefix(o.Name, "--"): // a flag of its own
		return o.Name
	case o.Layer == LayerFlag:
		return "--set"
	case o.Layer == LayerEnv:
		return o.Name
	case o.File != "" && o.Line > 0:
		return o.File + ":" + strconv.Itoa(o.Line)
	case o.File != "":
		return o.File
	}
	return string(LayerDefault)
}

// reads reports whether the command reads a key.
func (s *Settings) reads(k Key) bool { return k.readBy(s.tool) }

func (s *Settings) keys() []Key {
	if s.table == nil {
		return Keys()
	}
	return s.table
}

// Origin tells where the value of a key, or of one entry of a map, came from.
// A key that nobody set, or that does not exist, has the origin default.
func (s *Settings) Origin(name string) Origin {
	k, entry, ok := lookup(s.keys(), name)
	v, set := s.values[k.Name]
	if !ok || !set {
		return Origin{Layer: LayerDefault}
	}
	if entry == "" {
		return v.origin
	}
	if e, ok := v.entry(k, entry); ok {
		return e.origin
	}
	return Origin{Layer: LayerDefault}
}
