package testsettings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
)

// runMany tests each line of a file. Memory does not grow with the lines.
func runMany(ctx context.Context, opts *Options) error {
	in, closeIn, err := open(opts)
	if err != nil {
		return err
	}
	defer closeIn()
	finder, parallel, err := opts.Open()
	if err != nil {
		return err
	}
	b := &bulk{opts: opts, counts: map[string]int{}, progress: newProgress(opts.Streams)}
	list := manyList(opts)
	lines := &lineReader{in: in}
	err = list.Stream(opts.Streams, render.Format(opts.Output), b.results(ctx, parallel, lines, finder))
	b.progress.clear()
	b.summary()
	if err != nil {
		return err
	}
	return errors.Join(lines.err, b.verdict())
}

func open(opts *Options) (io.Reader, func(), error) {
	if opts.From == "-" {
		return opts.Streams.In, func() {}, nil
	}
	f, err := os.Open(opts.From)
	if err != nil {
		return nil, nil, pam.Failf(pam.ErrUsage, "%w", err).WithHint("give a file with lines user,endpoint[,ip], or - for standard input")
	}
	return f, func() { _ = f.Close() }, nil
}

// bulk counts what came of the lines.
type bulk struct {
	opts     *Options
	counts   map[string]int // class -> lines
	total    int
	warned   *pam.Failure // the first warning that --fail-on names
	last     error        // the newest failure
	progress *progress
}

// results yields the outcomes in the order of the lines, and ends with an error
// when going on would be useless or harmful.
func (b *bulk) results(ctx context.Context, parallel int, lines *lineReader, finder Finder) iter.Seq2[outcome, error] {
	return func(yield func(outcome, error) bool) {
		work := func(ctx context.Context, l line) outcome { return testLine(ctx, finder, l) }
		breaker := breaker{}
		err := engine.Ordered(ctx, parallel, lines.all(), work, func(o outcome) error {
			if err := breaker.check(o.err); err != nil {
				return err
			}
			b.count(o)
			if !yield(o, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(outcome{}, err)
		}
	}
}

// errStopped says that the writer of results wants no more.
var errStopped = errors.New("stopped")

func testLine(ctx context.Context, finder Finder, l line) outcome {
	o := outcome{line: l.number, given: [2]string{l.user, l.endpoint}}
	req, err := l.request()
	if err == nil {
		var tested outcome
		tested, err = test(ctx, finder, req)
		o.req, o.finding, o.warnings = req, tested.finding, tested.warnings
	}
	o.err = err
	return o
}

func (b *bulk) count(o outcome) {
	b.total++
	b.counts[o.class()]++
	if o.err != nil {
		b.last = o.err
	}
	if b.warned == nil {
		errors.As(failOn(b.opts.FailOn, o.warnings), &b.warned)
	}
	b.progress.show(b.total)
}

// breaker ends a run whose every other line would fail alike: at once where
// trying on might lock the delegation identity out, after ten in a row where
// the service does not answer.
type breaker struct{ unreachable int }

const maxUnreachable = 10

func (br *breaker) check(err error) error {
	switch {
	case errors.Is(err, pam.ErrDelegationRefused), errors.Is(err, pam.ErrTLS), errors.Is(err, pam.ErrInterrupted):
		return err
	case errors.Is(err, pam.ErrUnreachable):
		br.unreachable++
	default:
		br.unreachable = 0
	}
	if br.unreachable >= maxUnreachable {
		return fmt.Errorf("%d look-ups in a row had no answer: %w", maxUnreachable, err)
	}
	return nil
}

// summary tells how many of which.
func (b *bulk) summary() {
	var parts []string
	for _, class := range slices.Sorted(maps.Keys(b.counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", b.counts[class], class))
	}
	if b.total > 0 {
		b.opts.Say("%d tested: %s", b.total, strings.Join(parts, ", "))
	}
}

// verdict is the failure that the whole run amounts to.
func (b *bulk) verdict() error {
	ok := b.counts["ok"]
	switch {
	case b.total > ok && ok > 0, len(b.counts) > 1:
		return pam.Failf(pam.ErrPartial, "%d of %d look-ups found no credentials", b.total-ok, b.total).WithHint("the result of each line says why")
	case b.total > ok:
		return b.last
	case b.warned != nil:
		return b.warned
	}
	return nil
}

func manyList(opts *Options) render.List[outcome] {
	return render.List[outcome]{
		Columns: []render.Column[outcome]{
			{Name: "LINE", Width: 6, Cell: func(o outcome) any { return o.line }},
			{Name: "USER", Width: 24, Cell: func(o outcome) any { return o.given[0] }},
			{Name: "ENDPOINT", Width: 24, Cell: func(o outcome) any { return o.given[1] }},
			{Name: "RESULT", Width: 20, Cell: func(o outcome) any { return o.class() }},
			{Name: "IDENTITY", Width: 20, Cell: func(o outcome) any { return o.finding.Identity.String() }},
			{Name: "CREDENTIALS", Cell: func(o outcome) any { return credentialRefs(o) }},
		},
		JSON:  func(o outcome) any { return newDocument(o, opts.Explain) },
		Empty: "no lines to test",
	}
}

func credentialRefs(o outcome) string {
	if o.err != nil {
		_, message, _ := cli.Describe(o.err)
		return message
	}
	refs := make([]string, len(o.finding.Credentials))
	for i, c := range o.finding.Credentials {
		refs[i] = c.Ref()
	}
	return strings.Join(refs, "; ")
}

const progressEvery = 100 * time.Millisecond
