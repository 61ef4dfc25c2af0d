package engine

import (
	"encoding/json"
	"fmt"

	"github.com/redim-tools/redim/pkg/pam"
)

// scheduleNow is RED IM's schedule type for a job that runs at once (wire
// protocol reference, section 7.1; likely).
const scheduleNow = 1

// spinJob clones a template's settings and overrides only the password, the
// members that name the endpoint, and the schedule. Everything else is kept
// as it stands, member by member and in its order.
func spinJob(template json.RawMessage, c pam.Credential, nowMilli int64) (json.RawMessage, error) {
	job, err := parseObject(template)
	if err != nil {
		return nil, pam.Failf(pam.ErrProtocol, "its settings are not an object").WithHint("look at the job in RED IM: it must be a password-change job")
	}
	ownSystem := job.text("SystemList")
	job.remove("JobID")
	job.set("SystemList", c.System)
	for _, part := range []struct {
		name string
		edit func(*object) error
	}{
		{"JobInfoBase", func(o *object) error { o.set("NextRunTimeUTC", fmt.Sprintf("/Date(%d)/", nowMilli)); return nil }},
		{"ScheduleInfo", func(o *object) error { o.set("ScheduleType", scheduleNow); return nil }},
		{"PasswordChangeSettings", func(o *object) error { return overridePassword(o, ownSystem, c) }},
	} {
		if err := job.editObject(part.name, part.edit); err != nil {
			return nil, err
		}
	}
	return job.bytes(), nil
}

// overridePassword makes the settings change c's account to a random password.
// A log-in that the template takes from its own system is taken from c's.
func overridePassword(o *object, templateSystem string, c pam.Credential) error {
	account := c.Account
	if c.Kind == pam.KindDomain && c.Namespace != "" {
		account = c.Namespace + `\` + c.Account
	}
	o.set("FullAccountName", account)
	o.set("CurrentPassword", "")
	overrideGeneration(o)
	if templateSystem != "" && equalFold(o.text("StoredSystemName"), templateSystem) {
		o.set("StoredSystemName", c.System)
	}
	if !o.has("PasswordConstraints") {
		return nil
	}
	return o.editObject("PasswordConstraints", func(inner *object) error { overrideGeneration(inner); return nil })
}

// overrideGeneration has the password generated (type 0 is random, likely),
// whatever fixed one the template holds.
func overrideGeneration(o *object) {
	o.set("ExplicitPassword", "")
	o.set("PasswordChangeType", 0)
}
