package vault

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/redim-tools/redim/pkg/pam"
)

// RecordKind is a kind of record whose ids are UUIDs.
type RecordKind string

// The kinds of record that may be named by the beginning of an id.
const (
	KindIntegration RecordKind = "integration"
	KindCredential  RecordKind = "credential"
	KindPolicy      RecordKind = "policy"
	KindRequest     RecordKind = "request"
)

// IDReader finds records by their ids.
type IDReader interface {
	// IDsBetween lists ids from low to high, both included.
	IDsBetween(ctx context.Context, kind RecordKind, low, high string, limit int) ([]string, error)
}

// shortest is how much of an id there must be at least, as git has it.
const shortest = 4

// isID reports whether ref may be the id of a record.
func isID(ref string) bool { return len(ref) == 36 && uuid.Validate(ref) == nil }

// wholeID finds the id that a reference is, or begins. It returns the reference
// as it is where no id begins so; ErrUsage where several do.
func wholeID(ctx context.Context, r IDReader, kind RecordKind, ref string) (string, error) {
	begun := strings.ToLower(strings.TrimSpace(ref))
	if isID(begun) {
		return begun, nil
	}
	low := begun + strings.Repeat("0", 36)
	high := begun + strings.Repeat("f", 36)
	if len(begun) < shortest || len(begun) > 36 || !isID(dashed(low)) || !strings.HasPrefix(dashed(low), begun) {
		return ref, nil
	}
	ids, err := r.IDsBetween(ctx, kind, dashed(low), dashed(high), 2)
	switch {
	case err != nil || len(ids) == 0:
		return ref, err
	case len(ids) > 1:
		return "", pam.Failf(pam.ErrUsage, "the ids of several %s begin with %q", plural(kind), ref).WithHint("give more of the id")
	}
	return ids[0], nil
}

// dashed is the beginning of a text with dashes where an id has them.
func dashed(text string) string {
	b := []byte(text[:36])
	for _, n := range []int{8, 13, 18, 23} {
		b[n] = '-'
	}
	return string(b)
}

func plural(kind RecordKind) string {
	if kind == KindPolicy {
		return "policies"
	}
	return string(kind) + "s"
}

// RequestID finds the id of the request that ref begins. What is no beginning
// comes back as it is.
func (s *Service) RequestID(ctx context.Context, ref string) (string, error) {
	return view(ctx, s, func(ctx context.Context, r Reader) (string, error) { return wholeID(ctx, r, KindRequest, ref) })
}
