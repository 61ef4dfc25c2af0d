package secret

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"time"
)

// MaxLen bounds what a source may yield, in bytes.
const MaxLen = 64 << 10

// errTooLong says that a source yields more than MaxLen.
var errTooLong = errors.New("longer than 64 KiB")

// Resolver reads secrets from their sources. The zero Resolver reads variables,
// files and commands of this process' own system and none of the others.
// It is safe for concurrent use if its functions are; Stdin is read once only.
type Resolver struct {
	Getenv      func(name string) string
	ReadFile    func(path string) ([]byte, error)
	Run         func(ctx context.Context, line string) ([]byte, error)
	Keyring     func(ctx context.Context, name string) (Value, error)
	SecretsFile func(ctx context.Context, name string) (Value, error)
	Prompt      func(ctx context.Context, label string) (Value, error)
	Stdin       io.Reader
	Label       string               // what a prompt asks for, for example "API password"
	Warn        func(message string) // told of files that others may read
	Timeout     time.Duration        // for commands; zero is CommandTimeout
}

// Resolve reads the secret. One newline at the end is dropped. An empty secret
// and one longer than MaxLen are errors. Errors are *SourceError, but for those
// of Keyring, SecretsFile and Prompt, which come back as they are.
func (r Resolver) Resolve(ctx context.Context, s Source) (Value, error) {
	if err := ctx.Err(); err != nil {
		return Value{}, err
	}
	switch s.Kind {
	case KindKeyring:
		return r.ask(ctx, s, r.Keyring, s.Arg)
	case KindSecrets:
		return r.ask(ctx, s, r.SecretsFile, s.Arg)
	case KindPrompt:
		return r.ask(ctx, s, r.Prompt, r.label())
	}
	b, err := r.read(ctx, s)
	if err != nil {
		return Value{}, err
	}
	return s.value(b)
}

// ask calls a source that yields a Value itself.
func (r Resolver) ask(ctx context.Context, s Source, get func(context.Context, string) (Value, error), arg string) (Value, error) {
	if get == nil {
		return Value{}, s.failed("this source can't be used here", "use one of env:NAME, file:PATH, cmd:COMMAND LINE")
	}
	v, err := get(ctx, arg)
	if err != nil {
		return Value{}, err
	}
	if v.IsEmpty() {
		return Value{}, s.failed("the secret is empty", s.emptyHint())
	}
	return v, nil
}

func (r Resolver) label() string {
	if r.Label == "" {
		return "Secret"
	}
	return r.Label
}

func (r Resolver) read(ctx context.Context, s Source) ([]byte, error) {
	switch s.Kind {
	case KindEnv:
		return []byte(r.getenv(s.Arg)), nil
	case KindFile:
		return r.file(s)
	case KindCommand:
		return r.command(ctx, s)
	case KindStdin:
		return r.stdin(s)
	}
	return nil, &SourceError{Reason: "no secret source is given", Hint: "use one of " + forms()}
}

func (r Resolver) getenv(name string) string {
	if r.Getenv == nil {
		return os.Getenv(name)
	}
	return r.Getenv(name)
}

func (r Resolver) stdin(s Source) ([]byte, error) {
	if r.Stdin == nil {
		return nil, s.failed("there is no standard input", "use file:PATH or env:NAME")
	}
	b, err := readBounded(r.Stdin)
	if err != nil {
		return nil, s.failed(reasonOf(err), "pipe the secret alone into standard input")
	}
	return b, nil
}

// value trims b, which it owns, and makes the Value.
func (s Source) value(b []byte) (Value, error) {
	text := bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
	switch {
	case len(text) == 0:
		return Value{}, s.failed("the secret is empty", s.emptyHint())
	case len(text) > MaxLen:
		clear(b)
		return Value{}, s.failed(errTooLong.Error(), "check that the source is the right one")
	}
	return New(text), nil
}

func (s Source) emptyHint() string {
	switch s.Kind {
	case KindEnv:
		return "set the variable and export it, without quotes around the value"
	case KindCommand:
		return "the command must print the secret to its standard output"
	case KindPrompt:
		return "type the secret and press Enter"
	}
	return "put the secret there, with at most one newline behind it"
}

// readBounded reads all of in into one buffer, so that no copies are left
// behind by a buffer that grows.
func readBounded(in io.Reader) ([]byte, error) {
	buf := make([]byte, MaxLen+3)
	n, err := io.ReadFull(in, buf)
	switch {
	case err == nil:
		clear(buf)
		return nil, errTooLong
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return buf[:n], nil
	}
	clear(buf)
	return nil, err
}

// reasonOf is the cause without the path, which the source names already.
func reasonOf(err error) string {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}
