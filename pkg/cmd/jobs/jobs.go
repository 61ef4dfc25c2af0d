// Package jobs is the command group jobs: it tells what became of the jobs that
// change passwords after a check-in.
package jobs

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
)

// New makes the group.
func New(app *cli.App) *cobra.Command {
	return cli.Group("jobs", "Follow the jobs that change passwords",
		`Follow the spin jobs that were created after check-ins. Which jobs there are is known
from the journal of this machine: no public operation of the service lists them.

Exit codes: 0; 2 an unknown command.`,
		NewList(app, nil),
		NewShow(app, nil),
		NewWatch(app, nil),
	)
}

// Journal lists checkouts, oldest first.
type Journal interface {
	All(context.Context) ([]pam.Checkout, error)
}

// Service answers for jobs.
type Service interface {
	Job(context.Context, int64) (pam.Job, error)
	Rotation(context.Context, pam.Checkout) engine.Rotation
}

// source is where jobs are known from.
type source struct {
	Journal func() (Journal, error)
	Open    func(profile string) (Service, error)
}

func newSource(app *cli.App) source {
	open := app.Services()
	return source{
		Journal: func() (Journal, error) { return app.Journal() },
		Open: func(profile string) (Service, error) {
			return open(profile)
		},
	}
}

// known lists the checkouts that have a job, the newest job first.
func (s source) known(ctx context.Context) ([]pam.Checkout, error) {
	j, err := s.Journal()
	if err != nil {
		return nil, err
	}
	all, err := j.All(ctx)
	var with []pam.Checkout
	for _, c := range slices.Backward(all) {
		if c.SpinJob != 0 {
			with = append(with, c)
		}
	}
	return with, err
}

// find is the newest checkout of a job, if the journal has one, and the service
// that has the job.
func (s source) find(ctx context.Context, id int64) (*pam.Checkout, Service, error) {
	with, err := s.known(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range with {
		if c.SpinJob == id {
			service, err := s.Open(c.Profile)
			return &c, service, err
		}
	}
	service, err := s.Open("")
	return nil, service, err
}

// oneJob reads the id of a job.
func oneJob(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, pam.Failf(pam.ErrUsage, "%q is not the id of a job", text).WithHint("give its number, as \"jobs list\" shows it")
	}
	return id, nil
}

// complete offers the jobs that the journal knows.
func (s source) complete(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var ids []cobra.Completion
	if len(args) == 0 {
		with, _ := s.known(cmd.Context())
		for _, c := range with {
			ids = append(ids, cobra.CompletionWithDesc(strconv.FormatInt(c.SpinJob, 10), c.Credential.Ref()))
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// jobJSON is a job in JSON and YAML. Checkout and below are missing where the
// journal does not know the job.
type jobJSON struct {
	ID        int64     `json:"id"`
	Status    string    `json:"status,omitempty"` // missing where it was not asked for
	LastRun   time.Time `json:"last_run,omitzero"`
	Message   string    `json:"message,omitempty"`
	Checkout  string    `json:"checkout,omitempty"`
	Ref       string    `json:"ref,omitempty"`
	Identity  string    `json:"identity,omitempty"`
	Profile   string    `json:"profile,omitempty"`
	GivenBack time.Time `json:"given_back,omitzero"`
	Rotation  string    `json:"rotation,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Error     string    `json:"error,omitempty"`
}

func newJobJSON(job pam.Job, c *pam.Checkout) jobJSON {
	doc := jobJSON{ID: job.ID, Status: string(job.State), LastRun: job.LastRun, Message: job.Message}
	if c != nil {
		doc.Checkout, doc.Ref, doc.Identity = c.ID, c.Credential.Ref(), c.Identity.String()
		doc.Profile, doc.GivenBack = c.Profile, c.Back
	}
	return doc
}
