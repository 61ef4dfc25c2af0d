package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/term"
)

// WatchOptions are what "jobs watch" was told.
type WatchOptions struct {
	source
	Job     string
	Timeout time.Duration
	Output  string

	Streams *term.Streams
	Say     func(format string, args ...any)
	Warn    func(message string)
	// Poll is the first pause between two questions; each is half as long again
	// as the one before, up to LongestPoll.
	Poll, LongestPoll time.Duration
}

// NewWatch makes the command. runF replaces its run in tests; nil is the real one.
func NewWatch(app *cli.App, runF func(context.Context, *WatchOptions) error) *cobra.Command {
	opts := &WatchOptions{source: newSource(app), Streams: app.Streams, Say: app.Say, Warn: app.Warn, Poll: 500 * time.Millisecond, LongestPoll: 15 * time.Second}
	cmd := &cobra.Command{
		Use:   "watch <job>",
		Short: "Wait until a job has ended",
		Long: `Ask the service again and again how far a job has come, less and less often, until it
has ended, and show it. While the service can't be reached the wait goes on.

Exit codes: 0 the job succeeded; 1 it failed; 2 not the id of a job; 104 to 106, 109,
111 and 117 as for test-settings; 108 it has not ended before --timeout; 113 the
delegation identity may not see jobs; 130 interrupted.`,
		Example: `  redim jobs watch 1001
  redim jobs watch 1001 --timeout 2m -o json`,
		Args:              cli.ExactArgs("the id of a job"),
		ValidArgsFunction: opts.complete,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Job = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runWatch(cmd.Context(), opts)
		},
	}
	cmd.Flags().DurationVar(&opts.Timeout, "timeout", 10*time.Minute, "how `long` to wait, for example 2m; 0 asks once")
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

func runWatch(ctx context.Context, opts *WatchOptions) error {
	id, err := oneJob(opts.Job)
	if err != nil {
		return err
	}
	if opts.Timeout < 0 {
		return pam.Failf(pam.ErrUsage, "--timeout %s is in the past", opts.Timeout).WithHint("give a duration such as 2m")
	}
	c, service, err := opts.find(ctx, id)
	if err != nil {
		return err
	}
	job, err := opts.wait(ctx, service, id)
	if err != nil {
		return err
	}
	if err := write(ctx, opts.Streams, opts.Output, service, job, c); err != nil {
		return err
	}
	return outcome(job)
}

// wait asks until the job has ended or the time is up, and returns what was
// answered last. A service that has not answered at all by then is its failure.
func (o *WatchOptions) wait(ctx context.Context, service Service, id int64) (pam.Job, error) {
	job, err := service.Job(ctx, id) // once in any case
	limit, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	for pause := o.Poll; ; pause = min(pause*3/2, o.LongestPoll) {
		if err != nil && !errors.Is(err, pam.ErrUnreachable) {
			return job, err
		}
		if job.State.Ended() || !sleep(limit, pause) {
			break
		}
		var next pam.Job
		next, err = service.Job(limit, id)
		if limit.Err() != nil { // an answer that was cut short says nothing
			break
		}
		if err != nil {
			o.Warn(err.Error())
			continue
		}
		o.tell(job.State, next)
		job = next
	}
	switch {
	case ctx.Err() != nil:
		return job, ctx.Err()
	case job.State == "":
		return job, err
	}
	return job, nil
}

// sleep pauses, and reports whether there is time left after it.
func sleep(ctx context.Context, pause time.Duration) bool {
	next := time.NewTimer(pause)
	defer next.Stop()
	select {
	case <-next.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// tell says how far the job has come, when that is new.
func (o *WatchOptions) tell(before pam.JobState, job pam.Job) {
	if job.State != before && !job.State.Ended() {
		o.Say("job %d is %s", job.ID, job.State)
	}
}

func outcome(job pam.Job) error {
	switch job.State {
	case pam.JobSucceeded:
		return nil
	case pam.JobFailed:
		message := "the service does not say why"
		if job.Message != "" {
			message = job.Message
		}
		return pam.Failf(pam.ErrOther, "job %d failed: %s", job.ID, message).WithHint("mend the cause in RED IM, then try again with: redim spin --checkout ID")
	}
	return pam.Failf(pam.ErrPending, "job %d is still %s", job.ID, job.State).WithHint("wait longer with --timeout")
}
