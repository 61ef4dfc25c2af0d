package engine

import (
	"context"
	"sync"

	"github.com/redim-tools/redim/pkg/pam"
)

// templates remembers, per template job, whether it could be read. Concurrent
// callers of one job wait for one answer, each no longer than its own context.
// What the asker's own end cut short, and what may be different the next time,
// is not remembered.
type templates struct {
	mu   sync.Mutex
	jobs map[int64]*template
}

// template is one question, and its answer once done is closed.
type template struct {
	done chan struct{}
	err  error
	cut  bool // the asker ended before the answer came
}

func (t *templates) check(ctx context.Context, e *Engine, id int64) error {
	for {
		job, mine := t.job(id)
		if mine {
			t.answer(ctx, id, job, func() error {
				_, err := e.Source.JobSettings(ctx, e.Delegation, id)
				return err
			})
			return job.err
		}
		select {
		case <-job.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if !job.cut {
			return job.err
		}
	}
}

// job returns what is known or under way; mine says that the caller is the one
// to ask.
func (t *templates) job(id int64) (job *template, mine bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if job, ok := t.jobs[id]; ok {
		return job, false
	}
	if t.jobs == nil {
		t.jobs = map[int64]*template{}
	}
	job = &template{done: make(chan struct{})}
	t.jobs[id] = job
	return job, true
}

func (t *templates) answer(ctx context.Context, id int64, job *template, ask func() error) {
	job.err = ask()
	job.cut = job.err != nil && ctx.Err() != nil
	t.mu.Lock()
	defer t.mu.Unlock()
	if job.cut || classOf(job.err) == pam.ErrUnreachable {
		delete(t.jobs, id)
	}
	close(job.done)
}
