package negotiate

import (
	"context"
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/redim-tools/redim/pkg/pam"
)

// Config says as whom a Client speaks, and of what service. The zero value with
// Getenv takes what kinit left.
type Config struct {
	// Keytab and Principal sign in with the key of a keytab. Without them the
	// credential cache is used: KRB5CCNAME, or default_ccache_name of krb5.conf,
	// or /tmp/krb5cc_UID. Principal is NAME or NAME@REALM; without a keytab it
	// is the one that the cache has to belong to, when it is not empty.
	Keytab    string
	Principal string

	// SPN is the service as service/host or service/host@REALM. Empty means
	// HTTP/ and the host that is spoken to.
	SPN string

	// Getenv finds KRB5_CONFIG and KRB5CCNAME; nil finds neither.
	Getenv func(string) string
	UID    func() int // whose default cache; nil is this process's user
	Now    func() time.Time
}

// Client makes proofs of who runs this process. It reads its files and asks a
// KDC when it is first needed, and again only when a ticket has ended. It is
// safe for concurrent use.
type Client struct {
	cfg Config
	now func() time.Time

	mu      sync.Mutex
	conf    *krb5conf
	tickets map[string]credential // by service
}

// New makes a Client. It does no input or output.
func New(cfg Config) *Client {
	if cfg.Getenv == nil {
		cfg.Getenv = func(string) string { return "" }
	}
	if cfg.UID == nil {
		cfg.UID = os.Getuid
	}
	c := &Client{cfg: cfg, now: cfg.Now, tickets: map[string]credential{}}
	if c.now == nil {
		c.now = time.Now
	}
	return c
}

// Proof is one token for one request, and what is needed to check the answer.
type Proof struct {
	Token  []byte // as it stands, base64-encoded, behind "Negotiate"
	Client string // principal@REALM
	SPN    string // the service that it is for

	key  types.EncryptionKey
	sent proven
}

// minLife is how long a ticket must still live to be used.
const minLife = 30 * time.Second

// Prove makes a token for a host. It serves one request: a service takes each
// token once. Failures are *pam.Failure: ErrDelegationRefused where there is no
// ticket, or an expired one, or the KDC knows the service or the client not;
// ErrClockSkew; ErrUnreachable where no KDC answers; ErrUsage for files that are
// wrong.
func (c *Client) Prove(ctx context.Context, host string) (Proof, error) {
	cred, err := c.ticket(ctx, host)
	if err != nil {
		return Proof{}, err
	}
	sent, err := c.prove(cred, usageAPAuth, gssChecksum(), []int{optionMutual})
	if err != nil {
		return Proof{}, pam.Failf(pam.ErrOther, "no Kerberos token can be made: %w", err)
	}
	token, err := initToken(sent.request)
	return Proof{Token: token, Client: cred.client.String(), SPN: cred.service.String(), key: cred.key, sent: sent}, err
}

// gssChecksum asks for mutual authentication and nothing else: no delegation,
// no channel binding.
func gssChecksum() types.Checksum {
	const mutual = 2
	sum := make([]byte, 24)
	binary.LittleEndian.PutUint32(sum, 16)
	binary.LittleEndian.PutUint32(sum[20:], mutual)
	return types.Checksum{CksumType: checksumGSS, Checksum: sum}
}

// Check reads the service's answer to a proof, as Token finds it. None is fine:
// TLS has proven the service. One that is there must be right.
func (p Proof) Check(answer []byte) error {
	if len(answer) == 0 {
		return nil
	}
	state, reply, err := openReply(answer)
	if err == nil && state == stateReject {
		return p.refused()
	}
	if err == nil && len(reply) > 0 {
		err = p.checkReply(reply)
	}
	if err != nil {
		return pam.Failf(pam.ErrProtocol, "the service does not prove that it is %s: %w", p.SPN, err).
			WithHint("something else may answer in the service's place; check endpoint_url")
	}
	return nil
}

func (p Proof) checkReply(reply []byte) error {
	var r apReply
	if err := decode(reply, tagAPRep, &r); err != nil {
		return errToken
	}
	plain, err := unseal(r.Sealed, p.key, usageAPRep)
	if err != nil {
		return err
	}
	var part apReplyPart
	if err := decode(plain, tagEncAPRep, &part); err != nil || !part.Time.Equal(p.sent.at) || part.Micros != p.sent.micros {
		return errToken
	}
	return nil
}

// ticket is a live ticket for the service at a host.
func (c *Client) ticket(ctx context.Context, host string) (credential, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conf == nil {
		conf, err := readConf(c.confPaths())
		if err != nil {
			return credential{}, err
		}
		c.conf = conf
	}
	service := c.service(host)
	key := service.String()
	if cred, ok := c.tickets[key]; ok && c.lives(cred) {
		return cred, nil
	}
	cred, err := c.obtain(ctx, service)
	if err != nil {
		return credential{}, err
	}
	c.tickets[key] = cred
	return cred, nil
}

func (c *Client) lives(cred credential) bool { return cred.end.After(c.now().Add(minLife)) }

// confPaths are the files that KRB5_CONFIG names, or the usual one.
func (c *Client) confPaths() []string {
	if text := c.cfg.Getenv("KRB5_CONFIG"); text != "" {
		return filepath.SplitList(text)
	}
	return []string{"/etc/krb5.conf"}
}

// service is the principal of what is spoken to. Its realm is empty when
// nothing says it; then the client's own realm is asked.
func (c *Client) service(host string) principal {
	spn := c.cfg.SPN
	if spn == "" {
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		spn = "HTTP/" + strings.ToLower(strings.TrimSuffix(host, "."))
	}
	p := parsePrincipal(spn, "")
	p.kind = nameService
	if p.realm == "" {
		p.realm = c.conf.realmOf(p.name[len(p.name)-1])
	}
	return p
}

// obtain finds the ticket in the cache, or has one made.
func (c *Client) obtain(ctx context.Context, service principal) (credential, error) {
	if c.cfg.Keytab != "" {
		tgt, err := c.fromKeytab(ctx)
		if err != nil {
			return credential{}, err
		}
		return c.granted(ctx, tgt, service)
	}
	name := c.cfg.Getenv("KRB5CCNAME")
	if name == "" {
		name = defaultCache(c.conf, c.cfg.UID())
	}
	cache, err := readCache(name)
	if err != nil {
		return credential{}, err
	}
	if want := c.cfg.Principal; want != "" && parsePrincipal(want, cache.client.realm).String() != cache.client.String() {
		return credential{}, pam.Failf(pam.ErrDelegationRefused, "the ticket in %s is of %s, not of %s", cache.where, cache.client, want).
			WithHint("sign in as that one: kinit %s", want)
	}
	if cred, ok := cache.find(service.name...); ok && c.lives(cred) && c.started(cred) && slices.Contains(supported(), cred.key.KeyType) {
		return cred, nil
	}
	tgt, ok := cache.find("krbtgt", cache.client.realm)
	if err := c.usable(cache, tgt, ok); err != nil {
		return credential{}, err
	}
	return c.granted(ctx, tgt, service)
}

func (c *Client) started(cred credential) bool { return !cred.start.After(c.now().Add(defaultSkew)) }

// usable tells why a ticket-granting ticket can't be used.
func (c *Client) usable(cache *ccache, tgt credential, ok bool) error {
	switch {
	case !ok:
		return pam.Failf(pam.ErrDelegationRefused, "there is no Kerberos ticket of %s in %s", cache.client, cache.where).WithHint("get one with: kinit %s", cache.client)
	case !c.lives(tgt):
		return expiredTicket(cache.client, tgt.end)
	case !c.started(tgt):
		return skewed(cache.client.realm, tgt.start.Sub(c.now()))
	}
	return nil
}

func (c *Client) granted(ctx context.Context, tgt credential, service principal) (credential, error) {
	cred, err := c.serviceTicket(ctx, c.conf, tgt, service)
	if err != nil {
		return credential{}, c.explain(err, tgt.client, service)
	}
	return cred, nil
}

// fromKeytab signs in with a key.
func (c *Client) fromKeytab(ctx context.Context) (credential, error) {
	kt, err := readKeytab(c.cfg.Keytab)
	if err != nil {
		return credential{}, err
	}
	client, err := c.keytabClient(kt)
	if err != nil {
		return credential{}, err
	}
	keys := kt.keysOf(client)
	if len(keys) == 0 {
		return credential{}, pam.Failf(pam.ErrUsage, "keytab %s holds no AES key of %s", c.cfg.Keytab, client).
			WithHint("look into it with: klist -ke %s; name another account of it, or export the key again", c.cfg.Keytab)
	}
	cred, err := c.logOn(ctx, c.conf, client, keys)
	if err != nil {
		return credential{}, c.explain(err, client, ticketGranting(client.realm, client.realm))
	}
	return cred, nil
}

// keytabClient is whom a keytab signs in: the one that was named, or the first
// in it.
func (c *Client) keytabClient(kt keytab) (principal, error) {
	if c.cfg.Principal == "" {
		return principal{realm: kt[0].realm, kind: namePrincipal, name: kt[0].name}, nil
	}
	client := parsePrincipal(c.cfg.Principal, c.conf.defaultRealm)
	if client.realm == "" {
		return client, pam.Failf(pam.ErrUsage, "the realm of %s is not known", c.cfg.Principal).
			WithHint("write NAME@REALM, or set default_realm in krb5.conf")
	}
	return client, nil
}

// keysOf lists the newest keys of a principal that are strong enough.
func (kt keytab) keysOf(p principal) []types.EncryptionKey {
	newest := 0
	for _, e := range kt {
		if e.principal() == p.String() {
			newest = max(newest, e.version)
		}
	}
	var keys []types.EncryptionKey
	for _, et := range supported() {
		for _, e := range kt {
			if e.principal() == p.String() && e.version == newest && e.key.KeyType == et {
				keys = append(keys, e.key)
			}
		}
	}
	return keys
}
