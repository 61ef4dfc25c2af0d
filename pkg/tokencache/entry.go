package tokencache

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
)

const (
	tokensDir = "tokens"
	locksDir  = "locks"
	suffix    = ".token"
	maxFile   = 64 << 10
)

// errWrongContent is for a file that opens but is not what its name says.
var errWrongContent = errors.New("not the content that belongs there")

// entry is the place of one identity's token.
type entry struct {
	*Store
	key  seal.Key
	id   pam.Identity
	name string
}

func (s *Store) entry(ctx context.Context, id pam.Identity) (entry, error) {
	if s.o.Dir == "" {
		return entry{}, noDir()
	}
	key, err := s.o.Key(ctx)
	if err != nil {
		return entry{}, err
	}
	return entry{Store: s, key: key, id: id, name: fileName(key, s.o.Fingerprint, id)}, nil
}

func noDir() error {
	f := pam.Failf(pam.ErrOther, "there is no cache directory").WithHint("set HOME or REDIM_CACHE_DIR")
	f.Err = seal.ErrNoPlace
	return f
}

// fileName stands for an identity under some settings; case does not matter.
func fileName(key seal.Key, fingerprint string, id pam.Identity) string {
	id = id.Fold()
	sum := key.Hash("token file", fingerprint, id.Domain, id.Name)
	return hex.EncodeToString(sum[:16]) + suffix
}

func (s *Store) tokens() string          { return filepath.Join(s.o.Dir, tokensDir) }
func (s *Store) locks() string           { return filepath.Join(s.o.Dir, locksDir) }
func (s *Store) path(name string) string { return filepath.Join(s.tokens(), name) }

// associated is what a file is bound to: its name, and thereby the identity
// and the settings.
func associated(name string) []byte { return []byte("redim token file " + name) }

// open reads one file and checks that it belongs under its name. The error
// says why it is of no use; it wraps fs.ErrNotExist when it is not there.
func (s *Store) open(key seal.Key, name string) (record, error) {
	data, err := readFile(s.path(name))
	if err != nil {
		return record{}, err
	}
	plain, err := key.Open(data, associated(name))
	if err != nil {
		return record{}, err
	}
	defer clear(plain)
	r, ok := decode(plain)
	if !ok {
		return record{}, seal.ErrVersion
	}
	if fileName(key, r.fingerprint, r.identity) != name {
		return record{}, errWrongContent
	}
	return r, nil
}

func readFile(path string) ([]byte, error) {
	f, err := atomicfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// read returns the usable content of the entry's file. What can't be used is a
// miss, which is worth a warning unless there simply is no file.
func (e entry) read() (record, bool) {
	r, err := e.open(e.key, e.name)
	if err == nil {
		return r, true
	}
	if !errors.Is(err, fs.ErrNotExist) {
		e.warnOnce(warnUnreadable, "a file in "+e.tokens()+" can not be used ("+reason(err)+"); signing in anew")
	}
	return record{}, false
}

// reason leaves out the path of the file.
func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// holds reports whether the file holds that token.
func (e entry) holds(token secret.Value) bool {
	r, ok := e.read()
	return ok && r.kind == kindToken && r.token.Value.Equal(token)
}

// write seals r into the entry's file, and reports whether it is there. What
// fails costs a log-in later.
func (e entry) write(r record) bool {
	err := e.tryWrite(r)
	if err != nil {
		e.warnOnce(warnUnwritable, "tokens are not kept: "+err.Error())
	}
	return err == nil
}

func (e entry) tryWrite(r record) error {
	plain := r.encode()
	defer clear(plain)
	sealed, err := e.key.Seal(plain, associated(e.name))
	if err != nil {
		return err
	}
	if len(sealed) >= maxFile {
		return errors.New("the token is too long")
	}
	if err := atomicfile.MakePrivateDir(e.tokens()); err != nil {
		return err
	}
	return atomicfile.Replace(e.path(e.name), sealed, 0o600)
}

func (e entry) remove() { _ = os.Remove(e.path(e.name)) }
