package redim_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

// members are the leaves of a JSON object by their path.
func members(t *testing.T, raw json.RawMessage) map[string]string {
	t.Helper()
	out := map[string]string{}
	var walk func(path string, value json.RawMessage)
	walk = func(path string, value json.RawMessage) {
		var object map[string]json.RawMessage
		if json.Unmarshal(value, &object) != nil || object == nil {
			out[path] = string(value)
			return
		}
		for name, inner := range object {
			walk(strings.TrimPrefix(path+"."+name, "."), inner)
		}
	}
	walk("", raw)
	return out
}

// unlikely returns the settings of a template job in which no member has the
// value that it has by default.
func unlikely(t *testing.T, c *redim.Client, self pam.Identity) map[string]any {
	t.Helper()
	raw, err := c.JobSettings(t.Context(), self, 101)
	if err != nil {
		t.Fatal(err)
	}
	var job struct{ PasswordChangeSettings map[string]any }
	if err := json.Unmarshal(raw, &job); err != nil {
		t.Fatal(err)
	}
	changed := other(job.PasswordChangeSettings)
	for _, secret := range []string{"CurrentPassword", "ExplicitPassword", "LoginPassword"} { // a service never shows those again
		delete(changed, secret)
	}
	return changed
}

func other(settings map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range settings {
		switch v := value.(type) {
		case bool:
			out[name] = !v
		case float64:
			out[name] = int(v) + 3
		case string:
			out[name] = "other " + v
		case map[string]any:
			out[name] = other(v)
		}
	}
	return out
}

// spinner is an engine whose templates are of all types.
func spinner(c *redim.Client, self pam.Identity) *engine.Engine {
	rules := engine.Rules{SpinJobs: true, JobComment: "<username> had it", TemplateJobs: map[pam.StoreType]int64{}}
	for i := range pam.StoreTypeNames() {
		rules.TemplateJobs[pam.StoreType(i)] = 101
	}
	return &engine.Engine{Source: c, Facts: c, Journal: memory{}, Clock: time.Now, Rules: rules, Delegation: self, NewID: func() string { return "id" }}
}

// memory is a journal that forgets.
type memory struct{}

func (memory) Append(context.Context, pam.Checkout) error        { return nil }
func (memory) Open(context.Context) ([]pam.Checkout, error)      { return nil, nil }
func (memory) Abandoned(context.Context) ([]pam.Checkout, error) { return nil, nil }

// TestATemplateArrivesUnchangedButForWhatASpinNames compares the job that the
// service has after a check-in with its template, member by member.
func TestATemplateArrivesUnchangedButForWhatASpinNames(t *testing.T) {
	t.Parallel()
	plain := newBench(t, redimtest.Options{})
	estate := redimtest.SampleEstate()
	estate.Jobs[0].Settings = unlikely(t, plain.client(), pam.Identity{Name: plain.APIUser()})
	b := newBench(t, redimtest.Options{Estate: estate})
	c, self := b.client(), pam.Identity{Name: b.APIUser()}
	job := spun(t, b, c, self, "web01", "Administrator")
	template, err := c.JobSettings(t.Context(), self, 101)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := c.JobSettings(t.Context(), self, job.ID)
	if err != nil {
		t.Fatal(err)
	}
	was, is := members(t, template), members(t, settings)
	var changed []string
	for _, path := range slices.Sorted(maps.Keys(was)) {
		if was[path] != is[path] {
			changed = append(changed, path)
		}
	}
	want := []string{
		"JobID", "JobInfoBase.NextRunTimeUTC",
		"PasswordChangeSettings.FullAccountName",
		"PasswordChangeSettings.PasswordChangeType",
		"PasswordChangeSettings.PasswordConstraints.ExplicitPassword", "PasswordChangeSettings.PasswordConstraints.PasswordChangeType",
		"SystemList",
	}
	if diff := cmp.Diff(want, changed); diff != "" || len(was) != len(is) || len(was) < 60 {
		t.Errorf("of %d members, %d now, these are changed (-want +got):\n%s", len(was), len(is), diff)
	}
	for path, value := range map[string]string{"PasswordChangeSettings.FullAccountName": `"Administrator"`, "SystemList": `"web01"`, "PasswordChangeSettings.PasswordChangeType": "0"} {
		if is[path] != value {
			t.Errorf("%s is %s, want %s", path, is[path], value)
		}
	}
	if job.Comment != `EX\alice had it` || job.By != "svc-redim" || job.Systems != "web01" || job.Account != "Administrator" {
		t.Errorf("the job is %+v", job)
	}
}

// spun checks a credential out and in, and returns the job that this created.
func spun(t *testing.T, b *bench, c *redim.Client, self pam.Identity, system, account string) redimtest.Job {
	t.Helper()
	e := spinner(c, self)
	out, release, err := e.CheckOut(t.Context(), engine.CheckOutRequest{Identity: alice(), Credential: b.find(c, alice(), system, account)})
	if err != nil {
		t.Fatal(err)
	}
	release.Secret.Wipe()
	in, err := e.CheckIn(t.Context(), out)
	if err != nil || in.Spin.JobID == 0 || in.Spin.Err != nil {
		t.Fatalf("%+v, %v", in.Spin, err)
	}
	jobs := b.Jobs()
	return jobs[len(jobs)-1]
}
