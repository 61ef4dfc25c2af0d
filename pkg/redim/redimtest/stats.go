package redimtest

// Stats counts what was asked of the server since it started.
type Stats struct {
	Operations map[string]int64 `json:"operations"` // every request, by operation, refused ones too
	Logins     LoginStats       `json:"logins"`
	Checkouts  CheckoutStats    `json:"checkouts"`
	Jobs       JobStats         `json:"jobs"`
}

// LoginStats counts log-ins that succeeded.
type LoginStats struct {
	Delegation   int64 `json:"delegation"` // with a password or a certificate
	Impersonated int64 `json:"impersonated"`
}

// CheckoutStats counts check-outs of this run; those that an estate starts
// with are not in it.
type CheckoutStats struct {
	Made      int64 `json:"made"`
	Open      int64 `json:"open"`
	CheckedIn int64 `json:"checked_in"`
}

// JobStats counts the jobs that were created.
type JobStats struct {
	Created int64 `json:"created"`
}

// tally is what the model counts.
type tally struct {
	delegation, impersonated int64
	made, open, checkedIn    int64
	jobsCreated              int64
}

func (t tally) stats(operations map[string]int64) Stats {
	return Stats{
		Operations: operations,
		Logins:     LoginStats{t.delegation, t.impersonated},
		Checkouts:  CheckoutStats{t.made, t.open, t.checkedIn},
		Jobs:       JobStats{t.jobsCreated},
	}
}
