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
	return c.jobObject(ctx, as, "job_settings", id)
}

// JobStatus reads a job's status as the service tells it.
func (c *Client) JobStatus(ctx context.Context, as pam.Identity, id int64) (json.RawMessage, error) {
	return c.jobObject(ctx, as, "job_status", id)
}

func (c *Client) jobObject(ctx context.Context, as pam.Identity, key string, id int64) (json.RawMessage, error) {
	var object json.RawMessage
	err := c.ask(ctx, as, key, dialect.Params{"job_id": id}, func(op *dialect.Operation, reply []byte) error {
		found, err := op.Object(reply)
		object = bytes.Clone(found) // the reply itself is wiped
		return err
	})
	return object, err
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
	return c.ask(ctx, as, "job_comment", p, func(*dialect.Operation, []byte) error { return nil })
}
