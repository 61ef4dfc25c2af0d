package redimtest_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

func start() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

// body writes members as JSON.
func body(t *testing.T, in map[string]any) string {
	t.Helper()
	data, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestACheckoutIsExclusiveUntilItsEndOrCheckIn(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	e.Service.TokenLifetime = 24 * time.Hour
	r, c := newCaller(t, redimtest.Options{Estate: e, Now: start})
	alice, admin := c.as(r, "EX", "alice"), c.delegation(r)
	mine, theirs := stored(alice, "Administrator", "WEB01", 1), stored(admin, "administrator", "192.0.2.10", 1)

	c.ask(checkOutOp, mine, nil)
	c.ask(checkOutOp, mine, nil) // again is fine for who holds it
	if status, _ := c.post(checkOutOp, body(t, theirs)); status != 409 {
		t.Errorf("somebody else got it: %d", status)
	}
	var list []struct{ CheckedOutBy, CheckOutExpires *string }
	c.ask(listOp, map[string]any{"AuthenticationToken": alice, "SystemName": "web01"}, &list)
	if list[0].CheckedOutBy == nil || *list[0].CheckedOutBy != `EX\alice` || *list[0].CheckOutExpires != "/Date(1772629200000)/" || list[1].CheckedOutBy != nil {
		t.Errorf("listed as %+v", list)
	}
	r.Advance(time.Hour)
	if got := r.Stats().Checkouts; got != (redimtest.CheckoutStats{Made: 2}) {
		t.Errorf("after its end: %+v", got)
	}
	c.ask(checkOutOp, theirs, nil)
	if status, _ := c.post(checkInOp, body(t, mine)); status != 409 {
		t.Error("a check-in by somebody else went through")
	}
	c.ask(checkInOp, theirs, nil)
	if got := r.Stats().Checkouts; got != (redimtest.CheckoutStats{Made: 3, CheckedIn: 1}) {
		t.Errorf("in the end: %+v", got)
	}
}

func TestACheckoutOfTheEstateIsNotCountedButMayBeForcedIn(t *testing.T) {
	t.Parallel()
	r, c := newCaller(t)
	var list []struct{ AccountName, CheckedOutBy, CheckOutExpires string }
	c.ask(listOp, map[string]any{"AuthenticationToken": c.as(r, "", "bob"), "SystemName": "web02"}, &list)
	if len(list) != 2 || list[1].AccountName != "deploy" || list[1].CheckedOutBy != `EX\erin` || list[1].CheckOutExpires != "" {
		t.Errorf("web02: %+v", list)
	}
	if got := r.Stats().Checkouts; got != (redimtest.CheckoutStats{}) {
		t.Errorf("before: %+v", got)
	}
	c.ask(checkInOp, stored(c.delegation(r), "deploy", "web02", 2), nil)
	c.ask(checkOutOp, stored(c.as(r, "", "bob"), "deploy", "web02", 2), nil)
	if got := r.Stats().Checkouts; got != (redimtest.CheckoutStats{Made: 1, Open: 1, CheckedIn: 1}) {
		t.Errorf("after: %+v", got)
	}
}

func TestTheAuditTrailHasTheProductsNumbersAndWords(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	e.Service.TokenLifetime = 24 * time.Hour
	r, c := newCaller(t, redimtest.Options{Estate: e, Now: start})
	alice, admin := c.as(r, "EX", "alice"), c.delegation(r)
	c.ask(checkOutOp, stored(alice, `EX\svc-deploy`, "example.local", 1), nil)
	c.ask(checkInOp, stored(alice, "svc-deploy", "Example.local", 1), nil)
	c.ask(checkOutOp, stored(alice, "sa", `DB01\prod`, 9), nil)
	c.ask(readOp, stored(admin, "root", "web02", 2), nil)
	r.Advance(2 * time.Hour)

	type line struct {
		number              int
		id, login, post, on string
		message             string
	}
	want := []line{
		{3016, "EVENT_ID_WEBAPP_LOGIN", "svc-redim", "2026-04-03T12:00:00", "", "web application login"},
		{3016, "EVENT_ID_WEBAPP_LOGIN", "svc-redim", "2026-04-03T12:00:00", "", `web application login (Impersonating user EX\alice)`},
		{3016, "EVENT_ID_WEBAPP_LOGIN", "svc-redim", "2026-04-03T12:00:00", "", "web application login"},
		{2002, "EVENT_ID_PASSWORD_CHECKED_OUT", `EX\alice`, "2026-04-03T12:00:00", "example.local", `checked-out password for (example.local)'EX\svc-deploy'; comment: change 4711`},
		{2003, "EVENT_ID_PASSWORD_CHECKED_IN", `EX\alice`, "2026-04-03T12:00:00", "example.local", `checked-in password for (example.local)'EX\svc-deploy'; comment: change 4711`},
		{2002, "EVENT_ID_PASSWORD_CHECKED_OUT", `EX\alice`, "2026-04-03T12:00:00", "db01", `checked-out password for (db01)'db01\sa'; comment: change 4711`},
		{0, "EVENT_ID_PASSWORD_RETRIEVED", "svc-redim", "2026-04-03T12:00:00", "web02", `retrieved password for (web02)'web02\root'`},
		{2004, "EVENT_ID_PASSWORD_CHECKOUT_EXPIRED", `EX\alice`, "2026-04-03T13:00:00", "db01", `check-out expired for (db01)'db01\sa'`},
	}
	var got []line
	for _, e := range r.Events() {
		got = append(got, line{e.Number, e.ID, e.Login, e.Posted, e.System, e.Message})
		if e.Number != 2004 && e.Address != "127.0.0.1" {
			t.Errorf("address %q", e.Address)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// jobBody is a job as it is read and created.
type jobBody struct {
	AuthenticationToken    string
	JobInfoBase            map[string]any
	ScheduleInfo           map[string]any
	SystemList             string
	PasswordChangeSettings map[string]any
}

// spin creates a job for an account from a template and returns its id.
func spin(t *testing.T, c *caller, token string, template int, system, account string, change jobBody) int64 {
	t.Helper()
	var job jobBody
	c.ask("JobOps_GetJobPasswordChangeSettings", map[string]any{"AuthenticationToken": token, "JobID": template}, &job)
	job.AuthenticationToken, job.SystemList = token, system
	job.PasswordChangeSettings["FullAccountName"] = account
	maps.Copy(job.PasswordChangeSettings, change.PasswordChangeSettings)
	maps.Copy(job.JobInfoBase, change.JobInfoBase)
	maps.Copy(job.ScheduleInfo, change.ScheduleInfo)
	var id int64
	c.ask("JobOps_CreatePasswordChangeJob", job, &id)
	return id
}

// set is a change of a job's settings.
func set(settings map[string]any) jobBody { return jobBody{PasswordChangeSettings: settings} }

type jobStatus struct {
	Status         int
	Message        string
	LastRunTimeUTC *string
}

// jobStatus asks for a job.
func (c *caller) jobStatus(token string, id int64) jobStatus {
	c.t.Helper()
	var out jobStatus
	c.ask("JobOps_GetJobStatus", map[string]any{"AuthenticationToken": token, "JobID": id}, &out)
	return out
}

func TestAJobMadeFromATemplateChangesThePassword(t *testing.T) {
	t.Parallel()
	r, c := newCaller(t, redimtest.Options{Now: start, JobDuration: time.Minute})
	token := c.delegation(r)
	before := r.Password("web02", "root")
	id := spin(t, c, token, 102, "web02", "root", set(map[string]any{"PasswordLength": 40}))
	c.ask("JobOps_SetJobComment", map[string]any{"AuthenticationToken": token, "JobID": id, "Comment": `Checked out by EX\alice`}, nil)

	if got := c.jobStatus(token, id); got.Status != 1 || got.LastRunTimeUTC == nil || *got.LastRunTimeUTC != "/Date(1772625600000)/" {
		t.Errorf("at once: %+v", got)
	}
	if !r.Password("web02", "root").Equal(before) {
		t.Error("the password changed before the job was done")
	}
	r.Advance(time.Minute)
	if got := c.jobStatus(token, id); got.Status != 2 {
		t.Errorf("later: %+v", got)
	}
	after := r.Password("192.0.2.20", "ROOT")
	if after.Equal(before) || len([]rune(reveal(after))) != 40 || !strings.HasPrefix(reveal(after), "c4nary-") {
		t.Errorf("the new password has %d bytes, or is the old one", after.Len())
	}
	jobs := r.Jobs()
	want := redimtest.Job{ID: id, Comment: `Checked out by EX\alice`, By: "svc-redim", Systems: "web02", Account: "root", Status: 2, Message: "the password was changed"}
	if len(jobs) != 3 || !jobs[0].Template || jobs[0].Status != 0 || jobs[2] != want {
		t.Errorf("jobs: %+v", jobs)
	}
	if r.Stats().Jobs.Created != 1 {
		t.Errorf("stats: %+v", r.Stats().Jobs)
	}
	if last := r.Events()[len(r.Events())-1]; last.Number != 2013 || last.ID != "EVENT_ID_JOB_STARTING_PASSWORD_CHANGE_ON_SYSTEM" || last.System != "web02" {
		t.Errorf("event: %+v", last)
	}
}

func TestAJobWaitsForItsTime(t *testing.T) {
	t.Parallel()
	r, c := newCaller(t, redimtest.Options{Now: start})
	token := c.delegation(r)
	id := spin(t, c, token, 101, "web01", "Administrator", jobBody{
		JobInfoBase: map[string]any{"NextRunTimeUTC": "/Date(1772626200000)/"}, ScheduleInfo: map[string]any{"ScheduleType": 8},
	})
	if got := c.jobStatus(token, id); got.Status != 0 || got.LastRunTimeUTC != nil {
		t.Errorf("at once: %+v", got)
	}
	r.Advance(10 * time.Minute)
	if got := c.jobStatus(token, id); got.Status != 2 {
		t.Errorf("in time: %+v", got)
	}
}

func TestAJobThatCanNotDoItsWorkFails(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	e.Systems[1].Unreachable = true
	for _, step := range []struct {
		name, system, account string
		change                map[string]any
		message               string
	}{
		{"unknown account", "web01", "nobody", nil, "no account nobody on web01"},
		{"unknown system", "nowhere", "root", nil, "no account root on nowhere"},
		{"unreachable system", "web02", "root", nil, "the system web02 can not be reached"},
		{"wrong current password", "db01", "sa", map[string]any{"CurrentPassword": "wrong"}, "the system refused the current password of sa"},
		{"checked out", "web01", "svc-web", map[string]any{"CancelIfCheckedOut": true}, "svc-web is checked out by svc-redim"},
	} {
		t.Run(step.name, func(t *testing.T) {
			t.Parallel()
			r, c := newCaller(t, redimtest.Options{Estate: e})
			token := c.delegation(r)
			c.ask(checkOutOp, stored(token, "svc-web", "web01", 1), nil)
			before := r.Password(step.system, step.account)
			id := spin(t, c, token, 101, step.system, step.account, set(step.change))
			if got := c.jobStatus(token, id); got.Status != 3 || got.Message != step.message {
				t.Errorf("%+v", got)
			}
			if !r.Password(step.system, step.account).Equal(before) {
				t.Error("the password changed")
			}
		})
	}
}

func TestAJobMaySetAGivenPasswordAndNeverShowsASecretAgain(t *testing.T) {
	t.Parallel()
	r, c := newCaller(t)
	token := c.delegation(r)
	id := spin(t, c, token, 101, "example.local", `EX\svc-deploy`, set(map[string]any{
		"PasswordChangeType": 1, "ExplicitPassword": "c4nary-explicit/é", "LoginPassword": "c4nary-login",
		"CurrentPassword": reveal(r.Password("example.local", "svc-deploy")),
	}))
	if got := c.jobStatus(token, id); got.Status != 2 {
		t.Errorf("%+v", got)
	}
	if reveal(r.Password("example.local", `ex\svc-deploy`)) != "c4nary-explicit/é" {
		t.Error("the password is not the one given")
	}
	if _, answer := c.post("JobOps_GetJobPasswordChangeSettings", body(t, map[string]any{"AuthenticationToken": token, "JobID": id})); strings.Contains(answer, "c4nary") {
		t.Errorf("the job shows a secret: %s", answer)
	}
}

func TestAJobsIDComesInAnyOfThreeForms(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]string{
		"": `1001`, "Number": `1001`, "string": `"1001"`, "object": `{"OperationMessage":"created","OperationSucceeded":true,"JobID":1001}`,
	} {
		e := redimtest.SampleEstate()
		e.Service.JobReply = form
		r, c := newCaller(t, redimtest.Options{Estate: e})
		_, got := c.post("JobOps_CreatePasswordChangeJob", body(t, map[string]any{
			"AuthenticationToken": c.delegation(r), "SystemList": "web01", "PasswordChangeSettings": map[string]any{"FullAccountName": "svc-web"},
		}))
		if got != want {
			t.Errorf("%q: %s, want %s", form, got, want)
		}
	}
}

func TestATemplateShowsEverySettingAndTheEstatesOwn(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	e.Jobs[0].Settings = map[string]any{"PasswordLength": 24, "Unique": false, "PasswordConstraints": map[string]any{"SymbolsExcluded": "/"}}
	r, c := newCaller(t, redimtest.Options{Estate: e})
	token := c.delegation(r)
	type template struct {
		jobBody
		JobID                  int
		PasswordChangeSettings struct {
			AccountType, PasswordLength int
			Unique                      bool
			PasswordConstraints         map[string]any
			PasswordPropagationSettings map[string]any
		}
	}
	var windows, linux template
	var all jobBody
	c.ask("JobOps_GetJobPasswordChangeSettings", map[string]any{"AuthenticationToken": token, "JobID": 101}, &windows)
	c.ask("JobOps_GetJobPasswordChangeSettings", map[string]any{"AuthenticationToken": token, "JobID": "102"}, &linux)
	c.ask("JobOps_GetJobPasswordChangeSettings", map[string]any{"AuthenticationToken": token, "JobID": 102}, &all)
	s := windows.PasswordChangeSettings
	if windows.JobID != 101 || s.PasswordLength != 24 || s.Unique || s.AccountType != 0 || s.PasswordConstraints["SymbolsExcluded"] != "/" {
		t.Errorf("windows: %+v", windows)
	}
	if len(s.PasswordConstraints) != 20 || len(s.PasswordPropagationSettings) != 8 || len(windows.ScheduleInfo) != 6 || len(windows.JobInfoBase) != 2 || len(all.PasswordChangeSettings) != 56 {
		t.Errorf("parts: %+v", windows)
	}
	if linux.PasswordChangeSettings.AccountType != 4 {
		t.Errorf("linux: %+v", linux)
	}
}

func TestManagementSetsGrow(t *testing.T) {
	t.Parallel()
	r, c := newCaller(t)
	token := c.delegation(r)
	c.ask("ManagementSetOps_CreateManagementSet", map[string]any{"AuthenticationToken": token, "ManagementSetName": "B"}, nil)
	for _, op := range []string{"Linux", "Windows", "Linux"} {
		c.ask("ManagementSetOps_Add"+op+"SystemToManagementSet", map[string]any{"AuthenticationToken": token, "ManagementSetName": "b", "SystemName": "192.0.2.20"}, nil)
	}
	_, got := c.post("ManagementSetOps_GetManagementSetInfo", body(t, map[string]any{"AuthenticationToken": token, "ManagementSetName": "B"}))
	if got != `{"Name":"B","SystemCount":1}` {
		t.Error(got)
	}
}
