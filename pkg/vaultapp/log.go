package vaultapp

import (
	"context"
	"io"
	"log/slog"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/jsontext"
)

// newLog makes the log of vault serve: lines of JSON, with times in UTC.
func newLog(w io.Writer) *slog.Logger {
	out := &oneByOne{w: w}
	spare := &sync.Pool{New: func() any { line := make([]byte, 0, 1024); return &line }}
	return slog.New(lines{inUTC{slog.NewJSONHandler(out, nil)}, out, spare})
}

// lines writes plain records, as nearly all of those of calls are, at a third of the
// price, and hands on all others. Both make the same lines.
type lines struct {
	inUTC
	out   io.Writer
	spare *sync.Pool // of *[]byte that lines are written in
}

// Handle writes one record.
func (h lines) Handle(ctx context.Context, r slog.Record) error {
	spare, _ := h.spare.Get().(*[]byte) // there is nothing else in it
	defer h.spare.Put(spare)
	line, ok := appendRecord((*spare)[:0], r)
	*spare = line
	if !ok {
		return h.inUTC.Handle(ctx, r)
	}
	_, err := h.out.Write(line)
	return err
}

// appendRecord writes a record of plain texts and numbers. False: it is another one.
func appendRecord(line []byte, r slog.Record) ([]byte, bool) {
	ok := jsontext.IsPlain(r.Message) && !r.Time.IsZero()
	line = append(line, `{"time":"`...)
	line = r.Time.UTC().AppendFormat(line, time.RFC3339Nano)
	line = append(append(line, `","level":"`...), r.Level.String()...)
	line = append(append(append(line, `","msg":"`...), r.Message...), '"')
	r.Attrs(func(a slog.Attr) bool {
		if ok = ok && a.Key != "" && jsontext.IsPlain(a.Key); !ok {
			return false
		}
		line = append(append(append(line, `,"`...), a.Key...), `":`...)
		line, ok = appendValue(line, a.Value)
		return ok
	})
	return append(line, "}\n"...), ok
}

func appendValue(line []byte, v slog.Value) ([]byte, bool) {
	switch v.Kind() {
	case slog.KindString:
		text := v.String()
		return append(append(append(line, '"'), text...), '"'), jsontext.IsPlain(text)
	case slog.KindInt64:
		return strconv.AppendInt(line, v.Int64(), 10), true
	case slog.KindFloat64:
		f := v.Float64()
		size := math.Abs(f)
		return strconv.AppendFloat(line, f, 'f', -1, 64), size == 0 || 1e-6 <= size && size < 1e21
	}
	return line, false
}

// oneByOne keeps the lines of several writers apart.
type oneByOne struct {
	mu sync.Mutex
	w  io.Writer
}

func (o *oneByOne) Write(line []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(line)
}

// inUTC writes the times of a log in UTC.
type inUTC struct{ slog.Handler }

// Handle writes one record.
func (h inUTC) Handle(ctx context.Context, r slog.Record) error {
	r.Time = r.Time.UTC()
	return h.Handler.Handle(ctx, r)
}

// WithAttrs is a handler whose records have further attributes.
func (h inUTC) WithAttrs(attrs []slog.Attr) slog.Handler { return inUTC{h.Handler.WithAttrs(attrs)} }

// WithGroup is a handler that puts the attributes of its records into a group.
func (h inUTC) WithGroup(name string) slog.Handler { return inUTC{h.Handler.WithGroup(name)} }
