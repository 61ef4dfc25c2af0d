package negotiate

import (
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jcmturner/gokrb5/v8/types"
)

// keyFile is a keytab that is read again when its file changes.
type keyFile struct {
	path  string
	check func(keytab) error
	warn  func(string)

	mu      sync.Mutex
	kt      keytab
	asked   time.Time // when the file was last looked at
	version fileVersion
}

// fileVersion changes when a file is written or replaced.
type fileVersion struct {
	modified time.Time
	size     int64
	info     os.FileInfo
}

// lookEvery is how often the file is looked at, at most.
const lookEvery = time.Second

func newKeyFile(path string, kt keytab, check func(keytab) error, now func() time.Time, warn func(string)) *keyFile {
	return &keyFile{path: path, kt: kt, check: check, warn: warn, asked: now(), version: versionOf(path)}
}

func versionOf(path string) fileVersion {
	info, err := os.Stat(path)
	if err != nil {
		return fileVersion{}
	}
	return fileVersion{info.ModTime(), info.Size(), info}
}

func (v fileVersion) same(w fileVersion) bool {
	return v.modified.Equal(w.modified) && v.size == w.size && (v.info == nil) == (w.info == nil) &&
		(v.info == nil || os.SameFile(v.info, w.info))
}

// find lists the keys that may open a ticket: those of its service, its kind
// and its version. A ticket without a version may be of any.
func (f *keyFile) find(now time.Time, t ticket) []types.EncryptionKey {
	kt := f.fresh(now)
	name := strings.Join(t.Service.NameString, "/")
	var keys []types.EncryptionKey
	for _, e := range kt {
		if e.realm == t.Realm && strings.EqualFold(strings.Join(e.name, "/"), name) && e.key.KeyType == t.Sealed.EType &&
			(t.Sealed.KVNO == 0 || e.version == t.Sealed.KVNO || e.version == t.Sealed.KVNO&0xff) {
			keys = append(keys, e.key)
		}
	}
	return keys
}

// fresh is the keytab as the file is now.
func (f *keyFile) fresh(now time.Time) keytab {
	f.mu.Lock()
	defer f.mu.Unlock()
	if age := now.Sub(f.asked); age >= 0 && age < lookEvery {
		return f.kt
	}
	f.asked = now
	v := versionOf(f.path)
	if v.same(f.version) {
		return f.kt
	}
	f.version = v
	kt, err := readKeytab(f.path)
	if err == nil {
		err = f.check(kt)
	}
	if err != nil {
		f.warn(err.Error() + "; the keys read before stay in use")
		return f.kt
	}
	f.kt = kt
	return kt
}

// realmsOf lists the realms in which the keytab has keys of a service.
func (f *keyFile) realmsOf(now time.Time, service []string) []string {
	var realms []string
	for _, e := range f.fresh(now) {
		if strings.EqualFold(strings.Join(e.name, "/"), strings.Join(service, "/")) && !slices.Contains(realms, e.realm) {
			realms = append(realms, e.realm)
		}
	}
	return realms
}
