package engine

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/pam"
)

func TestJobComment(t *testing.T) {
	t.Parallel()
	const as = `EX\alice`
	for text, want := range map[string]string{
		"":                                   "",
		"no name":                            "no name",
		"<username>":                         as,
		"<username> first":                   as + " first",
		"last <username>":                    "last " + as,
		"in <username> the middle":           "in " + as + " the middle",
		"<username><username>, <username>":   as + as + ", " + as,
		"<<username>>":                       "<" + as + ">",
		"<Username> is another word":         "<Username> is another word",
		"<user<username>name> is not looped": "<user" + as + "name> is not looped",
	} {
		if got := JobComment(text, user(as)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

const templateJob = `{"__type":"Job:#Erpm","JobID":101,
 "JobInfoBase":{"__type":"Base:#Erpm","RunJobOnNewSystems":false,"NextRunTimeUTC":"\/Date(1000)\/"},
 "PasswordChangeSettings":{"AccountType":4,"FullAccountName":"tmpl","CurrentPassword":"c4nary-old","ExplicitPassword":"c4nary-fixed","PasswordChangeType":1,
  "Big":9007199254740993,"Note":"<a&b> \/ é","StoredSystemName":"TMPL01","StoredNamespace":"[Linux]","StoredAccountName":"sysadmin","UseStoredLoginPassword":true,
  "PasswordConstraints":{"PasswordLength":24,"ExplicitPassword":"c4nary-fixed","PasswordChangeType":1}},
 "ScheduleInfo":{"DayOfMonth":9,"Hours":18,"ScheduleType":5,"RetryEnabled":true},
 "SystemList":"tmpl01","Other":[1.50,null]}`

func TestSpinJobOverridesOnlyWhatItMust(t *testing.T) {
	t.Parallel()
	got, err := spinJob(json.RawMessage(templateJob), pam.Credential{System: "web02", Account: "root", Type: pam.StoreUnix}, 1700000000000)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"__type":"Job:#Erpm",` +
		`"JobInfoBase":{"__type":"Base:#Erpm","RunJobOnNewSystems":false,"NextRunTimeUTC":"/Date(1700000000000)/"},` +
		`"PasswordChangeSettings":{"AccountType":4,"FullAccountName":"root","CurrentPassword":"","ExplicitPassword":"","PasswordChangeType":0,` +
		`"Big":9007199254740993,"Note":"<a&b> \/ é","StoredSystemName":"web02","StoredNamespace":"[Linux]","StoredAccountName":"sysadmin","UseStoredLoginPassword":true,` +
		`"PasswordConstraints":{"PasswordLength":24,"ExplicitPassword":"","PasswordChangeType":0}},` +
		`"ScheduleInfo":{"DayOfMonth":9,"Hours":18,"ScheduleType":1,"RetryEnabled":true},` +
		`"SystemList":"web02","Other":[1.50,null]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSpinJobNamesTheAccount(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		c       pam.Credential
		account string
	}{
		"a local account by its name":         {pam.Credential{System: "web01", Namespace: "web01", Account: "a"}, "a"},
		"a domain account with its domain":    {pam.Credential{Kind: pam.KindDomain, System: "example.local", Namespace: "EX", Account: "a"}, `EX\a`},
		"a domain account of no known domain": {pam.Credential{Kind: pam.KindDomain, System: "example.local", Account: "a"}, "a"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := spinJob(json.RawMessage(`{}`), tt.c, 5)
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				SystemList             string
				PasswordChangeSettings struct{ FullAccountName string }
			}
			if err := json.Unmarshal(raw, &got); err != nil || got.PasswordChangeSettings.FullAccountName != tt.account || got.SystemList != tt.c.System {
				t.Errorf("got %s (%v)", raw, err)
			}
		})
	}
}

func TestSpinJobKeepsALogInThatIsNotTheTemplatesOwn(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		`{"SystemList":"tmpl","PasswordChangeSettings":{"StoredSystemName":"jump01"}}`: `"StoredSystemName":"jump01"`,
		`{"SystemList":"","PasswordChangeSettings":{"StoredSystemName":""}}`:           `"StoredSystemName":""`,
		`{"PasswordChangeSettings":{"StoredSystemName":"tmpl"}}`:                       `"StoredSystemName":"tmpl"`,
		`{"SystemList":"tmpl","PasswordChangeSettings":{"StoredSystemName":7}}`:        `"StoredSystemName":7`,
	} {
		got, err := spinJob(json.RawMessage(given), windows("web01", "a"), 5)
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s: got %s (%v)", given, got, err)
		}
	}
	if got, _ := spinJob(json.RawMessage(`{}`), windows("web01", "a"), 5); strings.Contains(string(got), "PasswordConstraints") || strings.Contains(string(got), "Stored") {
		t.Errorf("members were added: %s", got)
	}
}

func TestSpinJobRefusesWhatIsNoTemplate(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{``, `null`, `[]`, `"text"`, `7`, `{`, `{"a":}`, `{} trailing`, `{"JobInfoBase":[]}`, `{"ScheduleInfo":"x"}`,
		`{"PasswordChangeSettings":3}`, `{"PasswordChangeSettings":{"PasswordConstraints":true}}`} {
		got, err := spinJob(json.RawMessage(bad), windows("web01", "a"), 5)
		var f *pam.Failure
		if !errors.As(err, &f) || f.Class != pam.ErrProtocol || f.Hint == "" || got != nil {
			t.Errorf("%s: got %s, %v", bad, got, err)
		}
	}
	if _, err := spinJob(json.RawMessage(`{"JobInfoBase":null,"PasswordChangeSettings":{"PasswordConstraints":null}}`), windows("web01", "a"), 5); err != nil {
		t.Errorf("a member that is null is one that is missing: %v", err)
	}
}

// overridden are the members that the specification lets a spin change.
func overridden() map[string][]string {
	return map[string][]string{
		"": {"JobID", "SystemList", "JobInfoBase", "ScheduleInfo", "PasswordChangeSettings"}, "JobInfoBase": {"NextRunTimeUTC"}, "ScheduleInfo": {"ScheduleType"},
		"PasswordChangeSettings": {"FullAccountName", "CurrentPassword", "ExplicitPassword", "PasswordChangeType", "StoredSystemName", "PasswordConstraints"},
	}
}

func TestSpinJobKeepsEveryOtherMember(t *testing.T) {
	t.Parallel()
	values := rapid.SampledFrom([]string{`1`, `9007199254740993`, `1.50`, `-0`, `1e400`, `"text"`, `"<&>\/é\u2028"`, `true`, `null`, `[1,{"a":2}]`, `{"b":[]}`, `""`})
	names := rapid.SampledFrom([]string{"JobID", "SystemList", "__type", "A", "Zz", "é", "FullAccountName", "ExplicitPassword", "CurrentPassword", "PasswordLength", "ScheduleType", "NextRunTimeUTC", "Hours", `q"q`})
	objects := rapid.Custom(func(t *rapid.T) object {
		var o object
		for _, name := range rapid.SliceOfNDistinct(names, 0, 6, rapid.ID).Draw(t, "names") {
			o = append(o, member{name, json.RawMessage(values.Draw(t, "value"))})
		}
		return o
	})
	rapid.Check(t, func(t *rapid.T) {
		job := objects.Draw(t, "job")
		before := map[string]object{"": job}
		for _, part := range []string{"JobInfoBase", "ScheduleInfo", "PasswordChangeSettings"} {
			if rapid.Bool().Draw(t, "has "+part) {
				before[part] = objects.Draw(t, part)
				job = append(job, member{part, before[part].bytes()})
			}
		}
		raw, err := spinJob(job.bytes(), windows("web01", "a"), 5)
		if err != nil || !json.Valid(raw) {
			t.Fatalf("%s: %v", raw, err)
		}
		after, err := parseObject(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range slices.Sorted(maps.Keys(before)) {
			inner := after
			if part != "" {
				inner, err = parseObject(after[after.index(part)].value)
			}
			if diff := cmp.Diff(rest(before[part], part), rest(inner, part), cmp.AllowUnexported(member{})); diff != "" || err != nil {
				t.Errorf("%s (-template +job): %v\n%s", part, err, diff)
			}
		}
	})
}

// rest is an object without what may be overridden.
func rest(o object, part string) object {
	o = slices.DeleteFunc(slices.Clone(o), func(m member) bool { return slices.Contains(overridden()[part], m.name) })
	if len(o) == 0 {
		return nil
	}
	return o
}
