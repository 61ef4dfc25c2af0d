package redimtest

import (
	"slices"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/secret"
)

// The states of a job.
const (
	jobScheduled = 0
	jobRunning   = 1
	jobSucceeded = 2
	jobFailed    = 3
)

// job is a password-change job. A template never runs.
type job struct {
	id                       int64
	template                 bool
	comment                  string
	by                       string // who created it
	systems                  string
	base, settings, schedule object
	explicit, current        secret.Value // taken out of the settings
	status                   int
	due                      time.Time
	message                  string
	broken                   bool // by a fault on demand
}

// Job is a password-change job as a test sees it. Status is 0 scheduled,
// 1 running, 2 succeeded, 3 failed.
type Job struct {
	ID       int64  `json:"id"`
	Template bool   `json:"template"`
	Comment  string `json:"comment"`
	By       string `json:"by"`
	Systems  string `json:"systems"`
	Account  string `json:"account"`
	Status   int    `json:"status"`
	Message  string `json:"message"`
}

// takeSecret removes a secret from a job's settings; the service never shows it again.
func (j *job) takeSecret(name string) secret.Value {
	v := secret.FromString(j.settings.str(name))
	j.settings.set(name, "")
	return v
}

// runJobs brings every job up to the present, in the order they are due.
func (m *model) runJobs() {
	var open []*job
	for _, j := range m.jobs {
		if !j.template && j.status < jobSucceeded && !m.now.Before(j.due) {
			open = append(open, j)
		}
	}
	slices.SortFunc(open, func(a, b *job) int {
		if c := a.due.Compare(b.due); c != 0 {
			return c
		}
		return int(a.id - b.id)
	})
	for _, j := range open {
		m.advanceJob(j)
	}
}

func (m *model) advanceJob(j *job) {
	if j.status == jobScheduled {
		j.status = jobRunning
		m.events.add(event{number: 2013, at: j.due, login: j.by, account: m.jobTarget(j), verb: "starting password change on system", text: "starting password change on system " + j.systems})
	}
	end := j.due.Add(m.service.JobDuration)
	if m.now.Before(end) {
		return
	}
	if problem := m.changePassword(j, end); problem != "" {
		j.status, j.message = jobFailed, problem
		return
	}
	j.status, j.message = jobSucceeded, "the password was changed"
}

// jobTarget finds the account that a job is about; nil when there is none.
func (m *model) jobTarget(j *job) *account {
	name := j.settings.str("FullAccountName")
	for _, a := range m.candidates("", j.systems) {
		if a.answersTo(name) || strings.EqualFold(a.named(), name) {
			return a
		}
	}
	return nil
}

// changePassword does what the job is for, and says why it can't.
func (m *model) changePassword(j *job, at time.Time) string {
	a := m.jobTarget(j)
	switch {
	case j.broken:
		return "a fault on demand"
	case a == nil:
		return "no account " + j.settings.str("FullAccountName") + " on " + j.systems
	case a.system != nil && a.system.unreachable:
		return "the system " + a.system.name + " can not be reached"
	case j.settings.truth("CancelIfCheckedOut") && a.holder != "":
		return a.full() + " is checked out by " + a.holder
	case !j.current.IsEmpty() && !j.current.Equal(a.password):
		return "the system refused the current password of " + a.full()
	}
	a.password, a.changed = newPassword(int(j.settings.num("PasswordLength"))), at
	if j.settings.num("PasswordChangeType") != 0 && !j.explicit.IsEmpty() {
		a.password = j.explicit
	}
	return ""
}
