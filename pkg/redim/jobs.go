package redim

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
)

// JobSettings reads a job as the service keeps it.
func (c *Client) JobSettings(ctx context.Context, as pam.Identity, id int64) (json.RawMessage, error) {
	var object json.RawMessage
	err := c.ask(ctx, as, "job_settings", dialect.Params{"job_id": id}, func(op *dialect.Operation, reply []byte) error {
		found, err := op.Object(reply)
		object = bytes.Clone(found) // the reply itself is wiped
		return err
	})
	return object, err
}

// JobStatus tells how far a job has come. ErrNotFound when there is no such job.
func (c *Client) JobStatus(ctx context.Context, as pam.Identity, id int64) (pam.Job, error) {
	job := pam.Job{ID: id}
	err := c.ask(ctx, as, "job_status", dialect.Params{"job_id": id}, func(op *dialect.Operation, reply []byte) error {
		r, err := op.Record(reply)
		if err != nil {
			return err
		}
		status, ok := r.Number("status")
		if !ok {
			return op.Missing("a number in " + r.Member("status"))
		}
		job.State, job.LastRun, job.Message = pam.JobStateOf(status), r.Date("last_run"), r.Text("message")
		return nil
	})
	return job, err
}

// CreatePasswordJob creates a password-change job. The id is 0 when the
// service created it and did not tell the id.
func (c *Client) CreatePasswordJob(ctx context.Context, as pam.Identity, job json.RawMessage) (int64, error) {
	var id int64
	err := c.ask(ctx, as, "job_create", dialect.Params{"job": job}, func(op *dialect.Operation, reply []byte) error {
		id = op.JobID(reply)
		return nil
	})
	return id, err
}

// SetJobComment sets a job's comment.
func (c *Client) SetJobComment(ctx context.Context, as pam.Identity, id int64, comment string) error {
	p := dialect.Params{"job_id": id, "comment": comment}
	return c.ask(ctx, as, "job_comment", p, ignore)
}
