package seal

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/redim-tools/redim/pkg/secret"
)

// A wrapped key is one line: the mark, the costs of argon2id and the salt, and
// after the last colon the key sealed under what argon2id made of the phrase.
// All before that colon is bound to it.
const (
	wrapFormat = "redim-wrapped-key-1:argon2id:m=%d,t=%d,p=%d:%s"
	saltSize   = 16
)

var (
	errWrongPhrase = errors.New("wrong pass phrase")
	errNotWrapped  = errors.New("not a wrapped key")
)

// costs are the parameters of argon2id: memory in KiB, passes, lanes.
type costs struct {
	memory, passes uint32
	lanes          uint8
}

// sane keeps a damaged file from asking for all memory of the machine.
func (c costs) sane() bool {
	return c.memory >= 8 && c.memory <= 1<<20 && c.passes >= 1 && c.passes <= 16 && c.lanes >= 1 && c.lanes <= 16
}

func (c costs) key(phrase secret.Value, salt []byte) (key Key) {
	_ = phrase.Reveal(func(b []byte) error {
		key = newKey(secret.New(argon2.IDKey(b, salt, c.passes, c.memory, c.lanes, KeySize)))
		return nil
	})
	return key
}

func wrap(key Key, phrase secret.Value) ([]byte, error) {
	c := costs{memory: 64 * 1024, passes: 3, lanes: 2}
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt)
	head := fmt.Sprintf(wrapFormat, c.memory, c.passes, c.lanes, base64.RawURLEncoding.EncodeToString(salt))
	kek := c.key(phrase, salt)
	defer kek.root.Wipe()
	var sealed []byte
	err := key.root.Reveal(func(b []byte) (err error) {
		sealed, err = kek.Seal(b, []byte(head))
		return err
	})
	return []byte(head + ":" + base64.RawURLEncoding.EncodeToString(sealed) + "\n"), err
}

// unwrap returns errNotWrapped or errWrongPhrase when it can't.
func unwrap(blob []byte, phrase secret.Value) (Key, error) {
	w, err := parseWrapped(strings.TrimSpace(string(blob)))
	if err != nil {
		return Key{}, err
	}
	kek := w.costs.key(phrase, w.salt)
	defer kek.root.Wipe()
	b, err := kek.Open(w.sealed, []byte(w.head))
	if err != nil {
		return Key{}, errWrongPhrase
	}
	return NewKey(secret.New(b))
}

// wrapped is a wrapped key in its parts.
type wrapped struct {
	head   string // all before the last colon
	costs  costs
	salt   []byte
	sealed []byte
}

func parseWrapped(line string) (wrapped, error) {
	cut := max(strings.LastIndexByte(line, ':'), 0)
	w := wrapped{head: line[:cut]}
	var salt string
	_, err := fmt.Sscanf(w.head, wrapFormat, &w.costs.memory, &w.costs.passes, &w.costs.lanes, &salt)
	if err != nil || !w.costs.sane() {
		return wrapped{}, errNotWrapped
	}
	var errSalt, errSealed error
	w.salt, errSalt = base64.RawURLEncoding.DecodeString(salt)
	w.sealed, errSealed = base64.RawURLEncoding.DecodeString(line[cut+1:])
	if errors.Join(errSalt, errSealed) != nil || len(w.salt) != saltSize {
		return wrapped{}, errNotWrapped
	}
	return w, nil
}
