package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"modernc.org/sqlite"
)

const (
	credentials = 10000
	most        = 256 // check-outs of one transaction
)

// checkouts is the limit of a durable check-out on one node.
type checkouts struct {
	key    []byte
	aead   cipher.AEAD
	from   netip.Prefix
	sealed map[string][]byte
	work   chan *job
	conn   driver.Conn
	stmts  map[string]driver.StmtExecContext
}

type job struct {
	lease, event []driver.NamedValue
	done         chan error
}

func newCheckouts(path string) (*checkouts, error) {
	conn, err := (&sqlite.Driver{}).Open("file:" + path + "?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=cache_size(-16384)")
	if err != nil {
		return nil, err
	}
	c := &checkouts{key: make([]byte, 32), from: netip.MustParsePrefix("127.0.0.0/8"), sealed: map[string][]byte{}, work: make(chan *job, most), conn: conn, stmts: map[string]driver.StmtExecContext{}}
	_, _ = rand.Read(c.key)
	block, err := aes.NewCipher(c.key)
	if err != nil {
		return nil, err
	}
	if c.aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return nil, err
	}
	for n := range credentials {
		name := fmt.Sprintf("web%05d", n+1)
		c.sealed[name] = c.aead.Seal(nil, nil, []byte("a secret of some length"), []byte(name))
	}
	return c, errors.Join(
		c.exec("create table leases (n integer primary key, id blob, holder text, credential text, at integer, due integer)"),
		c.exec("create table events (n integer primary key, body blob)"),
	)
}

// exec runs a statement, which is prepared once.
func (c *checkouts) exec(query string, args ...driver.NamedValue) error {
	s := c.stmts[query]
	if s == nil {
		made, err := c.conn.Prepare(query)
		if err != nil {
			return err
		}
		s, _ = made.(driver.StmtExecContext)
		c.stmts[query] = s
	}
	_, err := s.ExecContext(context.Background(), args)
	return err
}

func named(values ...any) (out []driver.NamedValue) {
	for n, v := range values {
		out = append(out, driver.NamedValue{Ordinal: n + 1, Value: v})
	}
	return out
}

// write commits what waits.
func (c *checkouts) write() {
	for j := range c.work {
		batch := []*job{j}
		for more := true; more && len(batch) < most; {
			select {
			case j := <-c.work:
				batch = append(batch, j)
			default:
				more = false
			}
		}
		err := c.exec("begin immediate")
		for _, j := range batch {
			err = errors.Join(err, c.exec("insert into leases (id, holder, credential, at, due) values (?, ?, ?, ?, ?)", j.lease...), c.exec("insert into events (body) values (?)", j.event...))
		}
		err = errors.Join(err, c.exec("commit"))
		for _, j := range batch {
			j.done <- err
		}
	}
}

func (c *checkouts) answer(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		System, Account, Comment string
		Hours                    int64
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	mac := hmac.New(sha256.New, c.key)
	_, _ = mac.Write([]byte(r.Header.Get("Authorization")))
	holder := fmt.Sprintf("%x", mac.Sum(nil)[:8])
	if err != nil || !c.from.Contains(peer.Addr()) || json.NewDecoder(r.Body).Decode(&asked) != nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	secret, err := c.aead.Open(nil, nil, c.sealed[asked.System], []byte(asked.System))
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	id, now := make([]byte, 16), time.Now()
	_, _ = rand.Read(id)
	due := now.Add(time.Duration(asked.Hours) * time.Hour)
	event, _ := json.Marshal(map[string]any{"at": now, "holder": holder, "credential": asked.System + "/" + asked.Account, "comment": asked.Comment, "key": r.Header.Get("Idempotency-Key")})
	j := &job{named(id, holder, asked.System+"/"+asked.Account, now.UnixMicro(), due.UnixMicro()), named(event), make(chan error, 1)}
	c.work <- j
	if <-j.done != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	body, _ := json.Marshal(map[string]any{"id": fmt.Sprintf("%x", id), "system": asked.System, "account": asked.Account, "expires_at": due, "secret": string(secret)})
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(body)
}
