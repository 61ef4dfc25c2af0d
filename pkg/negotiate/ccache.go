package negotiate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/redim-tools/redim/pkg/pam"
)

// credential is a ticket with the key that belongs to it.
type credential struct {
	client  principal
	service principal
	key     types.EncryptionKey
	auth    time.Time
	start   time.Time
	end     time.Time
	ticket  []byte
}

// principal is a name of a realm.
type principal struct {
	realm string
	kind  int32
	name  []string
}

func (p principal) String() string { return strings.Join(p.name, "/") + "@" + p.realm }

func (p principal) types() types.PrincipalName {
	return types.PrincipalName{NameType: p.kind, NameString: p.name}
}

// ccache is a credential cache.
type ccache struct {
	where  string
	client principal
	held   []credential
}

const maxCache = 4 << 20

// readCache reads a credential cache by the name that KRB5CCNAME may have.
func readCache(name string) (*ccache, error) {
	path, err := cachePath(name)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, pam.Failf(pam.ErrDelegationRefused, "there is no Kerberos ticket: no credential cache at %s", path).
			WithHint("get one with: kinit; a ticket in another place needs KRB5CCNAME=FILE:PATH")
	case err == nil && info.Size() > maxCache:
		err = errors.New("it is too large")
	}
	var b []byte
	if err == nil {
		b, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, pam.Failf(pam.ErrUsage, "the credential cache %s can't be read: %w", path, err).WithHint("check who owns it, and KRB5CCNAME")
	}
	defer clear(b)
	c := &ccache{where: path}
	if !c.parse(b) {
		return nil, pam.Failf(pam.ErrUsage, "%s is no credential cache, or a damaged one", path).WithHint("make a new one with: kinit -c FILE:%s", path)
	}
	return c, nil
}

// cachePath is the file that a name stands for.
func cachePath(name string) (string, error) {
	kind, rest, ok := strings.Cut(name, ":")
	switch {
	case !ok || len(kind) == 1 || strings.ContainsAny(kind, `/\`): // a path, perhaps with a drive
		return name, nil
	case kind == "FILE" || kind == "WRFILE":
		return rest, nil
	case kind == "DIR" && strings.HasPrefix(rest, ":"):
		return rest[1:], nil
	case kind == "DIR":
		primary, err := os.ReadFile(filepath.Join(rest, "primary"))
		if err != nil {
			return filepath.Join(rest, "tkt"), nil //nolint:nilerr // the name that it has without one
		}
		return filepath.Join(rest, filepath.Base(strings.TrimSpace(string(primary)))), nil
	}
	return "", pam.Failf(pam.ErrUsage, "credential caches of the kind %s can't be read", kind).
		WithHint("get a ticket into a file: export KRB5CCNAME=FILE:$HOME/.krb5cc; kinit")
}

// parse reads versions 3 and 4 of the file format.
func (c *ccache) parse(b []byte) bool {
	r := reader{b: b, order: binary.BigEndian}
	five, version := r.u8(), r.u8()
	if five != 5 || version != 3 && version != 4 {
		return false
	}
	if version == 4 {
		r.take(int(r.u16()))
	}
	c.client = r.principal()
	for len(r.b) > 0 && !r.bad {
		cred := r.credential()
		if !r.bad && !isConfiguration(cred) {
			c.held = append(c.held, cred)
		}
	}
	return !r.bad
}

// isConfiguration reports an entry that holds a note in a ticket's place.
func isConfiguration(c credential) bool { return c.service.realm == "X-CACHECONF:" }

func (r *reader) principal() principal {
	p := principal{kind: int32(r.u32())}
	n := r.u32()
	p.realm = string(r.data32())
	for range n {
		if r.bad {
			break
		}
		p.name = append(p.name, string(r.data32()))
	}
	return p
}

func (r *reader) time() time.Time { return time.Unix(int64(r.u32()), 0) }

func (r *reader) credential() credential {
	c := credential{client: r.principal(), service: r.principal()}
	c.key.KeyType = int32(r.u16())
	c.key.KeyValue = slices.Clone(r.data32())
	c.auth, c.start, c.end = r.time(), r.time(), r.time()
	r.u32() // renew until
	r.u8()  // for user to user
	r.u32() // flags
	for range 2 {
		for range r.u32() { // addresses, then authorization data
			if r.bad {
				break
			}
			r.u16()
			r.data32()
		}
	}
	c.ticket = bytes.Clone(r.data32())
	r.data32() // a second ticket
	if c.start.Unix() == 0 {
		c.start = c.auth
	}
	return c
}

// find returns the newest ticket for a service, ended or not.
func (c *ccache) find(name ...string) (credential, bool) {
	var best credential
	for _, cred := range c.held {
		if slices.EqualFunc(cred.service.name, name, strings.EqualFold) && !cred.end.Before(best.end) {
			best = cred
		}
	}
	return best, best.ticket != nil
}

// defaultCache is the name of the cache that kinit fills when nothing says
// otherwise.
func defaultCache(c *krb5conf, uid int) string {
	if c.cache == "" {
		return "FILE:" + filepath.Join("/tmp", "krb5cc_"+strconv.Itoa(uid))
	}
	id := strconv.Itoa(uid)
	return strings.NewReplacer("%{uid}", id, "%{euid}", id, "%{USERID}", id, "%{TEMP}", "/tmp", "%{null}", "").Replace(c.cache)
}
