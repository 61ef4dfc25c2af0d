package app

import (
	"context"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/build"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/dialectcache"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/journal"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/redim"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/tokencache"
	"github.com/redim-tools/redim/pkg/transport"
)

// New builds an App over streams and an environment. It opens nothing.
func New(name string, streams *term.Streams, getenv func(string) string) *cli.App {
	a := &cli.App{Name: name, Build: build.Get, Streams: streams, Getenv: getenv, Now: time.Now, Paths: config.Paths{Getenv: getenv}}
	a.Environ = func() []string { return environ(getenv) }
	w := &wiring{App: a}
	a.Prompt = func() prompt.Prompter { return prompt.New(streams, a.Globals.NoInput, getenv) }
	a.Load = func(profile string) (*config.Settings, error) {
		return w.load(profile, config.Options{Set: a.Globals.Set, Store: a.Globals.Store, Server: a.Globals.Server})
	}
	a.LoadSaved = func(profile string) (*config.Settings, error) { return w.load(profile, config.Options{}) }
	a.Service = w.service
	a.Logouts = w.logouts
	a.Probe = w.probe
	a.Dialects = w.dialects
	a.Resolver = w.resolver
	a.StoreSecret = w.storeSecret
	a.ForgetSecret = w.forgetSecret
	a.Tokens = func(s *config.Settings) (*cli.Tokens, error) { return w.tokens(s, tokencache.Options{}) }
	a.Journal = w.journal
	a.End = w.end
	return a
}

// environ are the variables of the process that getenv knows too.
func environ(getenv func(string) string) []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		name, text, _ := strings.Cut(pair, "=")
		return getenv(name) != text
	})
}

// wiring builds the parts of an App when they are asked for.
type wiring struct {
	*cli.App

	spelling sync.Once

	once sync.Once
	kept *journal.Journal // one for all who ask: it holds what this process owns
	err  error

	looseMu sync.Mutex
	loose   []looseToken
}

// load reads a profile with what flags say in given.
func (w *wiring) load(profile string, given config.Options) (*config.Settings, error) {
	if profile == "" {
		profile = w.Globals.Profile
	}
	given.Path, given.Profile, given.Getenv, given.Tool = w.Globals.Config, profile, w.Getenv, w.Name
	s, err := config.Load(given)
	w.spelling.Do(func() { w.warnOfSpelling(s) })
	return s, err
}

// warnOfSpelling tells of variables that nothing reads and that may be meant for
// settings; s is nil where these can't be read.
func (w *wiring) warnOfSpelling(s *config.Settings) {
	var sources []string
	if s != nil {
		sources = s.SecretVariables()
	}
	for _, p := range config.LintEnv(w.Environ(), sources...) {
		w.Warn(p.Where + " is set, but nothing reads it; " + p.Hint)
	}
}

func (w *wiring) journal() (*journal.Journal, error) {
	w.once.Do(func() {
		dir, err := w.Paths.StateDir()
		if err != nil {
			w.err = pam.Failf(pam.ErrJournal, "%w", err).WithHint("set REDIM_STATE_DIR to a directory that you may write to")
			return
		}
		w.kept = journal.New(dir)
		w.kept.Warn = eachOnce(w.Warn)
	})
	return w.kept, w.err
}

// eachOnce tells each message the first time only: a command may read the journal
// more than once.
func eachOnce(tell func(string)) func(string) {
	var told sync.Map
	return func(message string) {
		if _, again := told.LoadOrStore(message, true); !again {
			tell(message)
		}
	}
}

func (w *wiring) service(s *config.Settings) (*cli.Service, error) {
	client, err := w.client(s)
	if err != nil {
		return nil, err
	}
	return &cli.Service{Engine: &engine.Engine{
		Source: client, Facts: client, Journal: lazyJournal{w}, Clock: w.Now, Command: w.Name, NewID: newID, Process: os.Getpid(), Pause: pause,
		Profile: s.Profile, Service: s.Service(), Delegation: s.Identity(),
		Rules: engine.Rules{
			DefaultDomain: s.DefaultDomain, FallbackToLocal: s.FallbackToLocal, DomainMap: s.DomainMap,
			IncludeSharedLists: s.IncludeSharedLists, PreferIP: s.PreferIP,
			SpinJobs: s.SpinJobs, JobComment: s.JobComment, TemplateJobs: s.TemplateJobs,
		},
	}}, nil
}

func (w *wiring) logouts(s *config.Settings) (func(ctx context.Context, token secret.Value) error, error) {
	client, err := w.client(s)
	if err != nil {
		return nil, err
	}
	return client.Logout, nil
}

// pause waits, or ends with the context.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *wiring) client(s *config.Settings) (*redim.Client, error) {
	http, err := w.http(s)
	if err != nil {
		return nil, err
	}
	var client *redim.Client
	tokens, err := w.tokens(s, tokencache.Options{
		ClockOffset: func() time.Duration { offset, _ := client.ClockOffset(); return offset },
		Unkept: func(token secret.Value) {
			w.keepLoose(looseToken{func(ctx context.Context) error { return client.Logout(ctx, token) }})
		},
	})
	if err != nil {
		return nil, err
	}
	client, err = redim.New(redim.Config{
		ServiceURL: s.EndpointURL, APIUser: s.APIUser, Authenticator: s.Authenticator,
		FallbackURLs: s.FallbackURLs, Outages: w.outages(), Warn: w.Warn, SignIn: signIn(s),
		APIPassword: func(ctx context.Context) (secret.Value, error) { return w.resolver(s).Resolve(ctx, s.APIPassword) },
		MFACode:     w.mfaCode(s),
		Dialect:     s.Dialect, Operations: s.DialectOperations, Dialects: w.dialects(s), HTTP: http, Tokens: tokens, Now: w.Now,
	})
	return client, err
}

func (w *wiring) http(s *config.Settings) (*http.Client, error) {
	return transport.New(transport.Options{
		TLS: transport.TLS{CAFile: s.TLS.CAFile, ClientCert: s.TLS.ClientCert, ClientKey: s.TLS.ClientKey,
			ServerName: s.TLS.ServerName, MinVersion: s.TLS.MinVersion},
		Timeout: s.Timeout, MaxInFlight: s.MaxParallel, Trace: w.trace(), Prove: w.prove(s),
		AllowCleartext: slices.Contains(w.Globals.AcceptRisk, "cleartext"),
	})
}

func (w *wiring) dialects(s *config.Settings) *dialectcache.Store {
	dir, _ := w.Paths.CacheDir()
	return dialectcache.Open(dir, s.Fingerprint(), w.Now)
}

// probe needs no API user, and asks nobody for a password.
func (w *wiring) probe(ctx context.Context, s *config.Settings) (dialect.Survey, error) {
	if err := s.ValidateAddress(w.Globals.AcceptRisk); err != nil {
		return dialect.Survey{}, err
	}
	client, err := w.http(s)
	if err != nil {
		return dialect.Survey{}, err
	}
	return redim.Probe(ctx, redim.Config{ServiceURL: s.EndpointURL, Operations: s.DialectOperations, HTTP: client, FallbackURLs: s.FallbackURLs, Outages: w.outages(), Warn: w.Warn})
}

func (w *wiring) trace() io.Writer {
	if !w.Globals.Trace {
		return nil
	}
	return w.Streams.Err
}
