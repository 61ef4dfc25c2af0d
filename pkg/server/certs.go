package server

import (
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// Certificates is a certificate in two files, which may be replaced at any time.
// It is safe for concurrent use.
type Certificates struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu     sync.Mutex
	is     *tls.Certificate
	stamps [2]stamp
	looked time.Time
	said   string // the failure that was told last
}

// stamp is how a file is known to have changed.
type stamp struct {
	size int64
	at   time.Time
}

// fresh is how long the files are not looked at again.
const fresh = time.Second

// NewCertificates reads the certificate and its key. ErrUsage when they can't be
// read or don't fit.
func NewCertificates(cert, key string, log *slog.Logger, now func() time.Time) (*Certificates, error) {
	c := &Certificates{cert: cert, key: key, log: log, now: now}
	c.looked = now()
	c.stamps = c.look()
	return c, c.load()
}

func (c *Certificates) look() (out [2]stamp) {
	for n, path := range []string{c.cert, c.key} {
		if info, err := os.Stat(path); err == nil {
			out[n] = stamp{info.Size(), info.ModTime()}
		}
	}
	return out
}

func (c *Certificates) load() error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return pam.Failf(pam.ErrUsage, "the certificate %s with the key %s: %w", c.cert, c.key, err).
			WithHint("both are PEM files; the certificate comes first in its file, those of the authorities between follow")
	}
	c.is = &pair
	return nil
}

// Get is for tls.Config. When the files have changed it reads them again; as long
// as they can't be read, or don't fit, the certificate before is used.
func (c *Certificates) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= fresh {
		c.looked = now
		c.again()
	}
	return c.is, nil
}

func (c *Certificates) again() {
	is := c.look()
	if is == c.stamps && c.said == "" {
		return
	}
	if err := c.load(); err != nil {
		if said := err.Error(); said != c.said {
			c.said = said
			c.log.Error("certificate", "error", said)
		}
		return
	}
	c.stamps, c.said = is, ""
	c.log.Info("certificate", "read", c.cert, "expires", c.is.Leaf.NotAfter)
}
