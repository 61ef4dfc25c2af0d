package negotiate

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/redim-tools/redim/pkg/pam"
)

// AcceptorConfig says whose tickets are taken.
type AcceptorConfig struct {
	// Keytab is the path of the service's keys. It is read again when the file
	// changes; one that is then unreadable leaves the old keys in use.
	Keytab string
	// SPN is the service as service/host, perhaps with @REALM. Empty means every
	// HTTP service of the keytab.
	SPN string
	// Realms are those whose users are taken; none means the realm of the key
	// that opened the ticket. Tickets of other realms that it trusts need to be
	// named here.
	Realms []string

	Skew       time.Duration // how far clocks may differ; 0 is 5 min
	MaxReplays int           // tokens remembered within twice the skew; 0 is 262,144, about 16 MiB

	// Groups reads group SIDs out of the privilege data that Active Directory
	// puts into tickets, given the key of the service that signs them; see
	// package adgroups. Nil leaves Caller.Groups empty.
	Groups func(privileges []byte, keyType int32, key []byte) ([]string, error)

	Now  func() time.Time
	Warn func(string) // of a keytab that could not be read again; nil is nobody
}

const (
	defaultSkew       = 5 * time.Minute
	defaultMaxReplays = 1 << 18
	maxToken          = 64 << 10
)

// Acceptor takes the tokens of HTTP Negotiate. It is safe for concurrent use.
type Acceptor struct {
	cfg     AcceptorConfig
	keys    *keyFile
	replays *replays
}

// Caller is who a token proved to be.
type Caller struct {
	Principal string    // without the realm: alice, or host/web01.example.com
	Realm     string    // in the spelling of the ticket
	Service   string    // the service that the ticket was for
	Groups    []string  // SIDs, where Active Directory sent them
	Until     time.Time // when the ticket ends
}

// String is the caller as principal@REALM.
func (c Caller) String() string { return c.Principal + "@" + c.Realm }

// NewAcceptor reads the keytab. ErrUsage when it can't be read, or holds no key
// for the service that is strong enough.
func NewAcceptor(cfg AcceptorConfig) (*Acceptor, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Skew <= 0 {
		cfg.Skew = defaultSkew
	}
	if cfg.MaxReplays <= 0 {
		cfg.MaxReplays = defaultMaxReplays
	}
	if cfg.Warn == nil {
		cfg.Warn = func(string) {}
	}
	kt, err := readKeytab(cfg.Keytab)
	if err != nil {
		return nil, err
	}
	a := &Acceptor{cfg: cfg, replays: newReplays(cfg.MaxReplays, 2*cfg.Skew)}
	if err := a.check(kt); err != nil {
		return nil, err
	}
	a.keys = newKeyFile(cfg.Keytab, kt, a.check, cfg.Now, cfg.Warn)
	return a, nil
}

// check asks for a key that can open a ticket at all.
func (a *Acceptor) check(kt keytab) error {
	var names []string
	for _, e := range kt {
		if a.serves(e.name, e.realm) && slices.Contains(supported(), e.key.KeyType) {
			return nil
		}
		names = append(names, e.principal())
	}
	slices.Sort(names)
	wanted := a.cfg.SPN
	if wanted == "" {
		wanted = "an HTTP service"
	}
	return pam.Failf(pam.ErrUsage, "keytab %s holds no AES key of %s, but of %s", a.cfg.Keytab, wanted, strings.Join(slices.Compact(names), ", ")).
		WithHint("export the key of the service's account with AES switched on for it; where Active Directory holds only an RC4 key, set the account's password anew after that")
}

// serves reports whether tickets for a service are taken.
func (a *Acceptor) serves(name []string, realm string) bool {
	if a.cfg.SPN == "" {
		return len(name) > 1 && strings.EqualFold(name[0], "HTTP")
	}
	spn, wantRealm, _ := strings.Cut(a.cfg.SPN, "@")
	return strings.EqualFold(strings.Join(name, "/"), spn) && (wantRealm == "" || wantRealm == realm)
}

// Accept checks a token, as it stood base64-decoded behind "Negotiate". Reply
// goes back to the caller in the same way and may be empty; it is not secret.
// The error is a *Refusal, unless ctx had ended. A token is accepted once.
func (a *Acceptor) Accept(ctx context.Context, token []byte) (caller Caller, reply []byte, err error) {
	if err := context.Cause(ctx); err != nil {
		return Caller{}, nil, err
	}
	if len(token) > maxToken {
		return Caller{}, nil, refuse(Malformed, "the token has %d bytes", len(token))
	}
	request, mechanism, err := openInit(token)
	if err != nil {
		return Caller{}, nil, notOurs(err)
	}
	p := proof{acceptor: a, now: a.cfg.Now()}
	if refusal := p.verify(request); refusal != nil {
		refusal.Principal, refusal.Realm = p.caller.Principal, p.caller.Realm
		return Caller{}, nil, refusal
	}
	reply, err = p.answer(mechanism)
	if err != nil {
		return Caller{}, nil, refuse(BadTicket, "no answer can be made for it: %v", err)
	}
	return p.caller, reply, nil
}

func notOurs(err error) *Refusal {
	switch {
	case errors.Is(err, errNTLM):
		return refuse(NTLM, "%v", err)
	case errors.Is(err, errMechanism):
		return refuse(NotKerberos, "%v", err)
	}
	return refuse(Malformed, "%v", err)
}

// proof is one request while it is checked.
type proof struct {
	acceptor *Acceptor
	now      time.Time
	request  apRequest
	ticket   ticket
	key      types.EncryptionKey // of the service
	part     ticketPart
	auth     types.Authenticator
	caller   Caller
}

const (
	optionUseSessionKey = 1
	optionMutual        = 2
)

func (p *proof) verify(request []byte) *Refusal {
	if err := decode(request, tagAPReq, &p.request); err != nil {
		return refuse(Malformed, "no Kerberos request: %v", err)
	}
	if err := p.ticket.unmarshal(p.request.Ticket.Bytes); err != nil {
		return refuse(Malformed, "no Kerberos ticket: %v", err)
	}
	if flag(p.request.Options, optionUseSessionKey) {
		return refuse(NotKerberos, "the ticket is one from user to user")
	}
	for _, step := range []func() *Refusal{p.open, p.checkTimes, p.openProof, p.checkRealm, p.checkReplay, p.readGroups} {
		if refusal := step(); refusal != nil {
			return refusal
		}
	}
	return nil
}

// open finds the key of the ticket and decrypts it.
func (p *proof) open() *Refusal {
	t := p.ticket
	p.caller.Service = strings.Join(t.Service.NameString, "/")
	if !p.acceptor.serves(t.Service.NameString, t.Realm) {
		return refuse(WrongService, "the ticket is for %s@%s", p.caller.Service, t.Realm)
	}
	if !slices.Contains(supported(), t.Sealed.EType) {
		return refuse(WeakKey, "the ticket for %s is sealed by encryption type %d, which is not AES", p.caller.Service, t.Sealed.EType)
	}
	if realms := p.acceptor.keys.realmsOf(p.now, t.Service.NameString); len(realms) > 0 && !slices.Contains(realms, t.Realm) {
		return refuse(WrongRealm, "the ticket for %s is one of %s, the keytab's key is of %s", p.caller.Service, t.Realm, strings.Join(realms, ", "))
	}
	candidates := p.acceptor.keys.find(p.now, t)
	if len(candidates) == 0 {
		return refuse(UnknownKey, "the keytab has no key of %s@%s with version %d and encryption type %d; export it again after a change of the account's password",
			p.caller.Service, t.Realm, t.Sealed.KVNO, t.Sealed.EType)
	}
	for _, key := range candidates {
		if plain, err := unseal(t.Sealed, key, usageTicket); err == nil {
			p.key = key
			return p.readTicket(plain)
		}
	}
	return refuse(BadTicket, "the key of %s@%s in the keytab does not open the ticket; export it again", p.caller.Service, t.Realm)
}

func (p *proof) readTicket(plain []byte) *Refusal {
	defer clear(plain)
	if err := decode(plain, tagEncTicket, &p.part); err != nil {
		return refuse(BadTicket, "the opened ticket is malformed: %v", err)
	}
	p.part.Flags.Bytes = slices.Clone(p.part.Flags.Bytes) // these two lie in what is wiped
	p.part.Transited.Bytes = slices.Clone(p.part.Transited.Bytes)
	p.caller.Principal = strings.Join(p.part.Name.NameString, "/")
	p.caller.Realm, p.caller.Until = p.part.Realm, p.part.EndTime
	return nil
}

const flagInvalid = 7

func (p *proof) checkTimes() *Refusal {
	skew, start := p.acceptor.cfg.Skew, p.part.StartTime
	if start.IsZero() {
		start = p.part.AuthTime
	}
	switch {
	case start.After(p.now.Add(skew)) || flag(p.part.Flags, flagInvalid):
		return refuse(NotYetValid, "the ticket of %s is valid from %s", p.caller, start.UTC().Format(time.RFC3339))
	case p.part.EndTime.Add(skew).Before(p.now):
		return refuse(Expired, "the ticket of %s ended at %s", p.caller, p.part.EndTime.UTC().Format(time.RFC3339))
	}
	return nil
}

// checksumGSS is the type of checksum that GSS-API prescribes.
const checksumGSS = 0x8003

// openProof decrypts what shows that the sender owns the ticket, and compares.
func (p *proof) openProof() *Refusal {
	plain, err := unseal(p.request.Sealed, p.part.Key, usageAPAuth)
	if err != nil {
		return refuse(BadTicket, "the proof beside the ticket of %s does not belong to it", p.caller)
	}
	defer clear(plain)
	if err := decode(plain, tagAuthenticator, &p.auth); err != nil || p.auth.Cksum.CksumType != checksumGSS {
		return refuse(BadTicket, "the proof beside the ticket of %s is malformed", p.caller)
	}
	if !p.auth.CName.Equal(p.part.Name) || p.auth.CRealm != p.part.Realm {
		return refuse(BadTicket, "the ticket of %s comes with a proof of %s@%s", p.caller, strings.Join(p.auth.CName.NameString, "/"), p.auth.CRealm)
	}
	at := p.auth.CTime.Add(time.Duration(p.auth.Cusec) * time.Microsecond)
	if off := at.Sub(p.now); off.Abs() > p.acceptor.cfg.Skew {
		return refuse(ClockSkew, "the clock of %s is off by %s, more than %s", p.caller, off.Round(time.Second), p.acceptor.cfg.Skew)
	}
	return nil
}

const flagTransitedChecked = 12

func (p *proof) checkRealm() *Refusal {
	allowed := p.acceptor.cfg.Realms
	if len(allowed) == 0 {
		allowed = []string{p.ticket.Realm}
	}
	if !slices.Contains(allowed, p.part.Realm) {
		return refuse(WrongRealm, "%s is not of %s", p.caller, strings.Join(allowed, ", "))
	}
	if p.part.Realm != p.ticket.Realm && !flag(p.part.Flags, flagTransitedChecked) && !p.direct() {
		return refuse(WrongRealm, "nobody has checked the realms between %s and %s", p.caller, p.ticket.Realm)
	}
	return nil
}

// direct reports that the realms trust each other with none between them.
func (p *proof) direct() bool {
	var transited struct {
		Type     int    `asn1:"explicit,tag:0"`
		Contents []byte `asn1:"explicit,tag:1"`
	}
	_, err := asn1.Unmarshal(p.part.Transited.Bytes, &transited)
	return err == nil && len(transited.Contents) == 0
}

func (p *proof) checkReplay() *Refusal {
	switch p.acceptor.replays.seen(p.request.Sealed.Cipher, p.now) {
	case replayed:
		return refuse(Replayed, "the token of %s was used before", p.caller)
	case forgotten:
		return refuse(Busy, "more than %d tokens within %s", p.acceptor.cfg.MaxReplays, 2*p.acceptor.cfg.Skew)
	}
	return nil
}

// Types of authorization data: a list that may be ignored, and the privileges
// of Active Directory in it.
const (
	dataIfRelevant = 1
	dataPrivileges = 128
)

func (p *proof) readGroups() *Refusal {
	if p.acceptor.cfg.Groups == nil {
		return nil
	}
	for _, outer := range p.part.AuthData {
		var list []types.AuthorizationDataEntry
		if outer.ADType != dataIfRelevant {
			continue
		}
		if _, err := asn1.Unmarshal(outer.ADData, &list); err != nil {
			continue
		}
		for _, entry := range list {
			if entry.ADType != dataPrivileges {
				continue
			}
			groups, err := p.acceptor.cfg.Groups(entry.ADData, p.key.KeyType, p.key.KeyValue)
			if err != nil {
				return refuse(BadTicket, "the privileges in the ticket of %s can't be read: %v", p.caller, err)
			}
			p.caller.Groups = groups
		}
	}
	return nil
}

// answer proves to the caller that the ticket could be read, where it asks.
func (p *proof) answer(mechanism asn1.ObjectIdentifier) ([]byte, error) {
	if !flag(p.request.Options, optionMutual) {
		return acceptToken(mechanism, nil)
	}
	plain, err := encode(tagEncAPRep, apReplyPart{Time: p.auth.CTime, Micros: p.auth.Cusec})
	if err != nil {
		return nil, err
	}
	sealed, err := seal(plain, p.part.Key, usageAPRep, 0)
	if err != nil {
		return nil, err
	}
	reply, err := encode(tagAPRep, apReply{Version: protocolVersion, Type: tagAPRep, Sealed: sealed})
	if err != nil {
		return nil, err
	}
	return acceptToken(mechanism, reply)
}
