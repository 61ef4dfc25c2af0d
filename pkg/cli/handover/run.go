package handover

import (
	"errors"
	"io"
	"os"

	"github.com/redim-tools/redim/pkg/child"
	"github.com/redim-tools/redim/pkg/mask"
)

// run runs the program with its output masked.
func (o *Options) run(set *mask.Set, env []string, signals *child.Signals) (child.Status, error) {
	command := child.Command{Path: o.path, Args: o.Program, Env: env, In: o.Streams.In, Out: o.Streams.Out, Err: o.Streams.Err}
	if o.NoMask {
		return ended(child.Run(command, signals))
	}
	m := &masks{set: set}
	if person, ok := o.Streams.In.(*os.File); ok && o.Streams.InteractiveIn() {
		command.Terminal = &child.Terminal{Person: person, Screen: m.writer(o.screen(person))}
	}
	command.Out, command.Err = o.outputs(m, command.Terminal != nil)
	status, err := ended(child.Run(command, signals))
	if closed := lost(m.close()); err == nil {
		err = closed // else it is the same failure again
	}
	return status, err
}

// screen is where a terminal's output goes: that of ours which is one.
func (o *Options) screen(person *os.File) io.Writer {
	switch {
	case o.Streams.InteractiveOut():
		return o.Streams.Out
	case o.Streams.InteractiveErr():
		return o.Streams.Err
	}
	return person
}

// outputs are where the program writes. With a terminal of its own it writes
// there what we would have written to ours.
func (o *Options) outputs(m *masks, terminal bool) (out, errs io.Writer) {
	if !terminal || !o.Streams.InteractiveOut() {
		out = m.writer(o.Streams.Out)
	}
	switch {
	case terminal && o.Streams.InteractiveErr():
	case same(o.Streams.Out, o.Streams.Err):
		errs = out
	default:
		errs = m.writer(o.Streams.Err)
	}
	return out, errs
}

// masks are the writers that keep the secret out of each output.
type masks struct {
	set     *mask.Set
	writers []*mask.Writer
}

func (m *masks) writer(to io.Writer) *mask.Writer {
	w := m.set.Writer(to)
	m.writers = append(m.writers, w)
	return w
}

func (m *masks) close() error {
	var failed error
	for _, w := range m.writers {
		failed = errors.Join(failed, w.Close())
	}
	return failed
}
