package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// answer is what a fakeSource says to one question.
type answer struct {
	creds []pam.Credential
	texts []string // names of lists, or the name of a system
	err   error
}

// fakeSource is a source in memory. It answers by identity and question, both
// in lower case; an identity that has no answer at all is unknown, a question
// that has none yields nothing. It records what was asked.
type fakeSource struct {
	answers map[string]map[string]answer

	checkOut func(context.Context) (pam.Release, error)
	checkIn  func(context.Context) error
	settings func(context.Context, int64) (json.RawMessage, error)
	create   func(context.Context) (int64, error)
	comment  func(context.Context) error
	read     func(context.Context) (pam.Release, error)
	status   func(context.Context, int64) (pam.Job, error)

	mu      sync.Mutex
	asked   []string
	created []json.RawMessage
}

func (f *fakeSource) tell(who, question string, a answer) *fakeSource {
	if f.answers == nil {
		f.answers = map[string]map[string]answer{}
	}
	who = strings.ToLower(who)
	if f.answers[who] == nil {
		f.answers[who] = map[string]answer{}
	}
	f.answers[who][strings.ToLower(question)] = a
	return f
}

func (f *fakeSource) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, fmt.Sprintf(format, args...))
}

func (f *fakeSource) lookUp(as pam.Identity, question string) answer {
	f.note("%s: %s", as, question)
	known, ok := f.answers[strings.ToLower(as.String())]
	if !ok {
		return answer{err: pam.Failf(pam.ErrUserUnknown, "user %s is unknown", as)}
	}
	return known[strings.ToLower(question)]
}

func (f *fakeSource) Stored(_ context.Context, as pam.Identity, system string) ([]pam.Credential, error) {
	a := f.lookUp(as, "stored "+system)
	return a.creds, a.err
}

func (f *fakeSource) SharedLists(_ context.Context, as pam.Identity) ([]string, error) {
	a := f.lookUp(as, "lists")
	return a.texts, a.err
}

func (f *fakeSource) SharedEntries(_ context.Context, as pam.Identity, list string) ([]pam.Credential, error) {
	a := f.lookUp(as, "list "+list)
	return a.creds, a.err
}

func (f *fakeSource) SystemName(_ context.Context, as pam.Identity, ip netip.Addr) (string, error) {
	a := f.lookUp(as, "name "+ip.String())
	return strings.Join(a.texts, ""), a.err
}

func (f *fakeSource) CheckOut(ctx context.Context, as pam.Identity, c pam.Credential, comment string) (pam.Release, error) {
	f.note("check out %s as %s: %s", c.Ref(), as, comment)
	return f.checkOut(ctx)
}

func (f *fakeSource) CheckIn(ctx context.Context, as pam.Identity, c pam.Credential, comment string) error {
	f.note("check in %s as %s: %s", c.Ref(), as, comment)
	return f.checkIn(ctx)
}

func (f *fakeSource) JobSettings(ctx context.Context, as pam.Identity, id int64) (json.RawMessage, error) {
	f.note("settings of job %d as %s", id, as)
	return f.settings(ctx, id)
}

func (f *fakeSource) CreatePasswordJob(ctx context.Context, as pam.Identity, job json.RawMessage) (int64, error) {
	f.note("create job as %s", as)
	f.mu.Lock()
	f.created = append(f.created, job)
	f.mu.Unlock()
	return f.create(ctx)
}

func (f *fakeSource) SetJobComment(ctx context.Context, as pam.Identity, id int64, comment string) error {
	f.note("comment job %d as %s: %s", id, as, comment)
	return f.comment(ctx)
}

func (f *fakeSource) Read(ctx context.Context, as pam.Identity, c pam.Credential) (pam.Release, error) {
	f.note("read %s as %s", c.Ref(), as)
	return f.read(ctx)
}

func (f *fakeSource) JobStatus(ctx context.Context, as pam.Identity, id int64) (pam.Job, error) {
	f.note("status of job %d as %s", id, as)
	return f.status(ctx, id)
}

// fakeJournal keeps records in memory and notes them among the questions of
// the source. It fails at the states that fail names.
type fakeJournal struct {
	log  *fakeSource
	fail map[pam.CheckoutState]error
	kept []pam.Checkout
}

func (j *fakeJournal) Append(ctx context.Context, c pam.Checkout) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := j.fail[c.State]; err != nil {
		j.log.note("journal fails at %s", c.State)
		return err
	}
	j.log.note("journal %s", c.State)
	j.kept = append(j.kept, c)
	return nil
}

func (j *fakeJournal) Open(context.Context) ([]pam.Checkout, error) { return j.kept, nil }

// password is what a fake check-out yields.
func password() secret.Value { return secret.FromString(`c4nary-Pa55/+"<&é`) }

func moment() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }

func delegation() pam.Identity { return pam.Identity{Name: "svc-redim"} }

// newFake returns an engine over fakes in which everything succeeds.
func newFake(rules Rules) (*Engine, *fakeSource, *fakeJournal) {
	source := &fakeSource{
		checkOut: func(context.Context) (pam.Release, error) { return pam.Release{Secret: password()}, nil },
		checkIn:  func(context.Context) error { return nil },
		settings: func(context.Context, int64) (json.RawMessage, error) { return json.RawMessage(`{"JobID":101}`), nil },
		create:   func(context.Context) (int64, error) { return 7, nil },
		comment:  func(context.Context) error { return nil },
		read:     func(context.Context) (pam.Release, error) { return pam.Release{Secret: password()}, nil },
		status:   func(context.Context, int64) (pam.Job, error) { return pam.Job{State: pam.JobSucceeded}, nil },
	}
	journal := &fakeJournal{log: source, fail: map[pam.CheckoutState]error{}}
	return &Engine{
		Source: source, Journal: journal, Clock: moment, Rules: rules, Profile: "default",
		NewID: func() string { return "id1" }, Delegation: delegation(),
	}, source, journal
}

// windows is a stored credential of a Windows system.
func windows(system, account string) pam.Credential {
	return pam.Credential{System: system, Account: account, Target: system, Type: pam.StoreWindows}
}

func shared(list, system, account string) pam.Credential {
	return pam.Credential{Kind: pam.KindShared, List: list, System: system, Account: account, Type: pam.StorePasswordList}
}

func host(name string) pam.Endpoint { return pam.Endpoint{Host: name} }

func user(text string) pam.Identity {
	id, err := pam.ParseUser(text)
	if err != nil {
		panic(err)
	}
	return id
}

func refusal(class pam.Class) error { return pam.Failf(class, "refused: %s", class) }
