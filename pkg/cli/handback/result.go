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
	in       engine.CheckInResult
	dryRun   bool
	err      error
}

func (r result) word() string {
	switch {
	case r.dryRun:
		return "would be given back"
	case r.err != nil:
		return "failed"
	case r.in.Absent:
		return "was back already"
	}
	return "given back"
}

func (r result) spin() string {
	switch {
	case r.dryRun || r.err != nil || r.in.Absent:
		return ""
	case r.in.Spin.Reason == "":
		return "job " + strconv.FormatInt(r.in.Spin.JobID, 10)
	}
	return string(r.in.Spin.Reason)
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
func verdict(results []result) error {
	var failures []error
	for _, r := range results {
		if r.err != nil {
			failures = append(failures, r.err)
		}
	}
	switch {
	case len(failures) == len(results) && len(results) == 1:
		return failures[0]
	case len(failures) > 0:
		return pam.Failf(pam.ErrPartial, "%d of %d were not given back: %w", len(failures), len(results), errors.Join(failures...)).
			WithHint("mend the cause and run it again; what is back stays back")
	}
	return spinVerdict(results)
}

func spinVerdict(results []result) error {
	for _, r := range results {
		if r.in.Spin.Failed() {
			return pam.Failf(pam.ErrPartial, "%s is back, but its password will not be changed: %w", r.checkout.Credential.Ref(), r.in.Spin.Err).
				WithHint("change it by hand, or mend template_jobs and the permissions of the delegation identity for the next time")
		}
	}
	return nil
}
