package pam

import (
	"strconv"
	"time"
)

// Job is a password-change job of the service, as far as it has come.
type Job struct {
	ID      int64
	State   JobState
	LastRun time.Time // zero before it has run
	Message string    // what the service says of it
}

// JobState is how far a job has come.
type JobState string

// The states. A number that is none of them is kept as a text, such as "7".
const (
	JobScheduled JobState = "scheduled"
	JobRunning   JobState = "running"
	JobSucceeded JobState = "succeeded"
	JobFailed    JobState = "failed"
)

// JobStateOf reads the service's number (wire protocol reference, section 13).
func JobStateOf(n int64) JobState {
	states := [...]JobState{JobScheduled, JobRunning, JobSucceeded, JobFailed}
	if n >= 0 && n < int64(len(states)) {
		return states[n]
	}
	return JobState(strconv.FormatInt(n, 10))
}

// Ended reports whether the job will not change any more.
func (s JobState) Ended() bool { return s == JobSucceeded || s == JobFailed }
