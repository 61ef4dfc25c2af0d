package breaker

import (
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"time"

	"github.com/redim-tools/redim/pkg/atomicfile"
)

// file is what is kept.
type file struct {
	Schema int    `json:"schema"`
	Places states `json:"places"`
}

const (
	schema    = 1
	maxFile   = 64 << 10
	maxPlaces = 64 // more than that are not kept
	lockWait  = 200 * time.Millisecond
)

// refresh reads the file again when it was not read just now. The caller holds
// the mutex.
func (b *Breaker) refresh() {
	now := b.now()
	if age := now.Sub(b.read); b.path == "" || b.alone || !b.read.IsZero() && age >= 0 && age < readEvery {
		return
	}
	b.read = now
	b.state = b.load()
}

// load is what the file says; nothing when it says nothing readable.
func (b *Breaker) load() states {
	f, err := atomicfile.Open(b.path)
	if err != nil {
		return states{}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil || len(data) > maxFile {
		return states{}
	}
	var kept file
	if json.Unmarshal(data, &kept) != nil || kept.Schema != schema || kept.Places == nil {
		return states{}
	}
	return kept.Places
}

// change changes what is known, here and in the file. The caller holds the
// mutex. Whoever can't get the file in a moment keeps it to itself: the others
// find out for themselves.
func (b *Breaker) change(with func(states)) {
	if b.path != "" && !b.alone {
		b.alone = atomicfile.MakePrivateDir(filepath.Dir(b.path)) != nil
	}
	if b.path == "" || b.alone {
		with(b.state)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	release, err := atomicfile.Lock(ctx, b.path+".lock")
	if err != nil {
		b.alone = ctx.Err() == nil
		with(b.state)
		return
	}
	defer release()
	b.state, b.read = b.load(), b.now()
	with(b.state)
	b.state.trim(b.now())
	if data, err := json.Marshal(file{schema, b.state}); err == nil {
		b.alone = atomicfile.Replace(b.path, data, 0o600) != nil
	}
}

// trim drops what is of no use any more, so that the file stays small.
func (s states) trim(now time.Time) {
	for place, st := range s {
		if now.Sub(st.Until) > 24*time.Hour || len(s) > maxPlaces {
			delete(s, place)
		}
	}
}
