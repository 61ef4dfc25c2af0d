package handback

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
)

// result is what became of one.
type result struct {
	checkout pam.Checkout
	spinOnly bool // it was back before, and only its spin was left to do
	in       engine.CheckInResult
	dryRun   bool
	err      error
}

func (r result) word() string {
	switch {
	case r.dryRun && r.spinOnly:
		return "would be spun"
	case r.dryRun:
		return "would be given back"
	case r.err != nil:
		return "failed"
	case r.in.Absent, r.spinOnly:
		return "was back already"
	}
	return "given back"
}

func (r result) spin() string {
	switch {
	case r.dryRun || r.err != nil || r.in.Absent:
		return ""
	case r.in.Spin.Reason == "" && r.in.Spin.Err != nil:
		return "job " + jobID(r.in.Spin.JobID) + ", without its comment"
	case r.in.Spin.Reason == "":
		return "job " + jobID(r.in.Spin.JobID)
	}
	return string(r.in.Spin.Reason)
}

func jobID(id int64) string {
	if id == 0 {
		return "of an id that the service does not tell"
	}
	return strconv.FormatInt(id, 10)
}

func (o *Options) list() render.List[result] {
	now := o.Now()
	list := render.List[result]{
		Columns: []render.Column[result]{
			{Name: "ID", Cell: func(r result) any { return r.checkout.ID }},
			{Name: "CREDENTIAL", Cell: func(r result) any { return r.checkout.Credential.Ref() }},
			{Name: "RESULT", Cell: func(r result) any { return r.word() }},
		},
		JSON:  func(r result) any { return r.json(now, o.Spins) },
		Empty: "no open checkouts",
	}
	if o.Empty != "" {
		list.Empty = o.Empty
	}
	if o.Spins {
		list.Columns = append(list.Columns, render.Column[result]{Name: "SPIN", Cell: func(r result) any { return r.spin() }})
	}
	return list
}

// resultJSON is a result in JSON and YAML.
type resultJSON struct {
	Checkout cli.CheckoutJSON `json:"checkout"`
	Result   string           `json:"result"`
	JobID    int64            `json:"spin_job,omitempty"`
	Spin     string           `json:"no_spin,omitempty"`
	Error    string           `json:"error,omitempty"`
}

func (r result) json(now time.Time, spins bool) resultJSON {
	doc := resultJSON{Checkout: cli.NewCheckoutJSON(r.checkout, now), Result: strings.ReplaceAll(r.word(), " ", "_")}
	if spins {
		doc.JobID, doc.Spin = r.in.Spin.JobID, string(r.in.Spin.Reason)
	}
	if r.err != nil {
		doc.Error = r.err.Error()
	}
	return doc
}

// verdict is the failure of the only one, or a partial one of several.
func (o *Options) verdict(results []result) error {
	var failures []error
	for _, r := range results {
		if r.err != nil {
			failures = append(failures, r.err)
		}
	}
	switch {
	case len(failures) == len(results) && len(results) == 1 && !o.Sweep:
		return failures[0]
	case len(failures) > 0:
		return pam.Failf(pam.ErrPartial, "%d of %d were not given back: %w", len(failures), len(results), errors.Join(failures...)).
			WithHint("mend the cause and run it again; what is back stays back")
	}
	return o.spinVerdict(results)
}

func (o *Options) spinVerdict(results []result) error {
	for _, r := range results {
		if err := SpinVerdict(r.in, o.Command); err != nil {
			return err
		}
	}
	return nil
}

// SpinVerdict is the failure of a spin after a check-in that went well. Its hint
// names a command of the program.
func SpinVerdict(in engine.CheckInResult, program string) error {
	if !in.Spin.Failed() {
		return nil
	}
	will := "will"
	if in.Spin.Reason == engine.SpinUnknown {
		will = "may"
	}
	return pam.Failf(pam.ErrPartial, "%s is back, but its password %s not be changed: %w", in.Checkout.Credential.Ref(), will, in.Spin.Err).
		WithHint("mend the cause, such as template_jobs or the permissions of the delegation identity, then: %s spin --checkout %s", program, in.Checkout.ID)
}
