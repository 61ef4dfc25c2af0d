package negotiate

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/redim-tools/redim/pkg/pam"
)

type kdcRequest struct {
	Version int            `asn1:"explicit,tag:1"`
	Type    int            `asn1:"explicit,tag:2"`
	Data    []types.PAData `asn1:"explicit,optional,omitempty,tag:3"`
	Body    asn1.RawValue  `asn1:"explicit,tag:4"`
}

type kdcBody struct {
	Options asn1.BitString      `asn1:"explicit,tag:0"`
	Client  types.PrincipalName `asn1:"explicit,optional,tag:1"`
	Realm   string              `asn1:"generalstring,explicit,tag:2"`
	Service types.PrincipalName `asn1:"explicit,optional,tag:3"`
	Till    time.Time           `asn1:"generalized,explicit,tag:5"`
	Nonce   int                 `asn1:"explicit,tag:7"`
	ETypes  []int32             `asn1:"explicit,tag:8"`
}

type kdcReply struct {
	Version int                 `asn1:"explicit,tag:0"`
	Type    int                 `asn1:"explicit,tag:1"`
	Data    []types.PAData      `asn1:"explicit,optional,tag:2"`
	Realm   string              `asn1:"generalstring,explicit,tag:3"`
	Client  types.PrincipalName `asn1:"explicit,tag:4"`
	Ticket  asn1.RawValue       `asn1:"explicit,tag:5"`
	Sealed  types.EncryptedData `asn1:"explicit,tag:6"`
}

type kdcReplyPart struct {
	Key       types.EncryptionKey `asn1:"explicit,tag:0"`
	LastReq   asn1.RawValue       `asn1:"explicit,tag:1"`
	Nonce     int                 `asn1:"explicit,tag:2"`
	KeyExpiry time.Time           `asn1:"generalized,explicit,optional,tag:3"`
	Flags     asn1.BitString      `asn1:"explicit,tag:4"`
	AuthTime  time.Time           `asn1:"generalized,explicit,tag:5"`
	StartTime time.Time           `asn1:"generalized,explicit,optional,tag:6"`
	EndTime   time.Time           `asn1:"generalized,explicit,tag:7"`
	RenewTill time.Time           `asn1:"generalized,explicit,optional,tag:8"`
	Realm     string              `asn1:"generalstring,explicit,tag:9"`
	Service   types.PrincipalName `asn1:"explicit,tag:10"`
	Addresses []types.HostAddress `asn1:"explicit,optional,tag:11"`
	Data      []types.PAData      `asn1:"explicit,optional,tag:12"`
}

type encryptedTime struct {
	Time   time.Time `asn1:"generalized,explicit,tag:0"`
	Micros int       `asn1:"explicit,optional,tag:1"`
}

// Kinds of data beside a request.
const (
	dataTGSReq    = 1
	dataTimestamp = 2
)

// Types of names.
const (
	namePrincipal = 1
	nameService   = 2
)

const optionCanonicalize = 15

// Codes of a KDC's refusal.
const (
	codeClientUnknown  = 6
	codeServiceUnknown = 7
	codeEncryption     = 14
	codeClientRevoked  = 18
	codeKeyExpired     = 23
	codePreauthFailed  = 24
	codePreauthNeeded  = 25
	codeBadIntegrity   = 31
	codeTicketExpired  = 32
	codeTicketEarly    = 33
	codeSkew           = 37
)

func ticketGranting(realm, of string) principal {
	return principal{realm: of, kind: nameService, name: []string{"krbtgt", realm}}
}

// body is a request for a ticket of a service.
func (c *Client) body(client, service principal, etypes []int32) kdcBody {
	var nonce [4]byte
	_, _ = rand.Read(nonce[:]) // never fails
	return kdcBody{
		Options: flags(optionCanonicalize), Client: client.types(), Realm: service.realm, Service: service.types(),
		Till: c.now().UTC().Add(10 * time.Hour).Truncate(time.Second), Nonce: int(binary.BigEndian.Uint32(nonce[:]) & 0x7fffffff), ETypes: etypes,
	}
}

func encodeRequest(kind int, data []types.PAData, body []byte) ([]byte, error) {
	return encode(kind, kdcRequest{Version: protocolVersion, Type: kind, Data: data, Body: explicit(4, body)})
}

// send has a request answered, and reads the reply or the refusal.
func (c *Client) send(ctx context.Context, conf *krb5conf, realm string, request []byte, tag int) (*kdcReply, error) {
	answer, err := c.exchange(ctx, conf, realm, request)
	if err != nil {
		return nil, err
	}
	var no kerberosError
	if decode(answer, tagError, &no) == nil {
		return nil, &no
	}
	var reply kdcReply
	if err := decode(answer, tag, &reply); err != nil {
		return nil, pam.Failf(pam.ErrProtocol, "the answer of the KDC of %s is none of Kerberos", realm).WithHint("check the kdc entries in krb5.conf")
	}
	return &reply, nil
}

// open decrypts the client's part of a reply and checks that it answers the
// request.
func (r *kdcReply) open(body kdcBody, key types.EncryptionKey, usage uint32, tags ...int) (credential, error) {
	bad := pam.Failf(pam.ErrProtocol, "the KDC of %s sends a ticket that does not answer the request", body.Realm).
		WithHint("the key may be an old one: get a new ticket or a new keytab")
	plain, err := unseal(r.Sealed, key, usage)
	if err != nil {
		return credential{}, bad
	}
	defer clear(plain)
	var part kdcReplyPart
	if !slices.ContainsFunc(tags, func(tag int) bool { part = kdcReplyPart{}; return decode(plain, tag, &part) == nil }) || part.Nonce != body.Nonce {
		return credential{}, bad
	}
	cred := credential{
		client:  principal{realm: r.Realm, kind: r.Client.NameType, name: r.Client.NameString},
		service: principal{realm: part.Realm, kind: part.Service.NameType, name: part.Service.NameString},
		key:     types.EncryptionKey{KeyType: part.Key.KeyType, KeyValue: slices.Clone(part.Key.KeyValue)},
		auth:    part.AuthTime, start: part.StartTime, end: part.EndTime, ticket: slices.Clone(r.Ticket.Bytes),
	}
	if cred.start.IsZero() {
		cred.start = cred.auth
	}
	return cred, nil
}

// grant asks with a ticket-granting ticket for a ticket of a service.
func (c *Client) grant(ctx context.Context, conf *krb5conf, tgt credential, service principal) (credential, error) {
	service.realm = tgt.service.name[len(tgt.service.name)-1] // whose KDC is asked
	body := c.body(tgt.client, service, supported())
	encoded, err := asn1.Marshal(body)
	if err != nil {
		return credential{}, err
	}
	et, err := crypto.GetEtype(tgt.key.KeyType)
	if err != nil || !slices.Contains(supported(), tgt.key.KeyType) {
		return credential{}, pam.Failf(pam.ErrDelegationRefused, "the ticket of %s has a key of encryption type %d, which is not AES", tgt.client, tgt.key.KeyType).
			WithHint("switch AES on for the account, and get a new ticket with: kinit")
	}
	sum, err := et.GetChecksumHash(tgt.key.KeyValue, encoded, usageTGSChecksum)
	if err != nil {
		return credential{}, err
	}
	proof, err := c.prove(tgt, usageTGSAuth, types.Checksum{CksumType: et.GetHashID(), Checksum: sum}, nil)
	if err != nil {
		return credential{}, err
	}
	request, err := encodeRequest(tagTGSReq, []types.PAData{{PADataType: dataTGSReq, PADataValue: proof.request}}, encoded)
	if err != nil {
		return credential{}, err
	}
	reply, err := c.send(ctx, conf, service.realm, request, tagTGSRep)
	if err != nil {
		return credential{}, err
	}
	cred, err := reply.open(body, tgt.key, usageTGSRep, tagEncTGSRep)
	if err == nil && !slices.Equal(cred.service.name, service.name) && !isGranting(cred) {
		err = pam.Failf(pam.ErrProtocol, "the KDC of %s sends a ticket for %s in place of %s", service.realm, cred.service, service)
	}
	return cred, err
}

func isGranting(c credential) bool { return len(c.service.name) == 2 && c.service.name[0] == "krbtgt" }

// maxReferrals bounds the way from realm to realm.
const maxReferrals = 5

// serviceTicket follows referrals until a realm gives a ticket for the service.
func (c *Client) serviceTicket(ctx context.Context, conf *krb5conf, tgt credential, service principal) (credential, error) {
	if realm := service.realm; realm != "" && realm != tgt.service.name[1] {
		there, err := c.grant(ctx, conf, tgt, ticketGranting(realm, ""))
		if err != nil {
			return there, err
		}
		tgt = there
	}
	for range maxReferrals {
		cred, err := c.grant(ctx, conf, tgt, service)
		if err != nil || !isGranting(cred) {
			return cred, err
		}
		tgt = cred
	}
	return credential{}, pam.Failf(pam.ErrProtocol, "more than %d realms refer to each other for %s", maxReferrals, service)
}

// logOn gets a ticket-granting ticket with a key of a keytab.
func (c *Client) logOn(ctx context.Context, conf *krb5conf, client principal, keys []types.EncryptionKey) (credential, error) {
	var etypes []int32
	for _, et := range supported() {
		if slices.ContainsFunc(keys, func(k types.EncryptionKey) bool { return k.KeyType == et }) {
			etypes = append(etypes, et)
		}
	}
	body := c.body(client, ticketGranting(client.realm, client.realm), etypes)
	encoded, err := asn1.Marshal(body)
	if err != nil {
		return credential{}, err
	}
	reply, err := c.requestLogOn(ctx, conf, client.realm, encoded, nil)
	if no, ok := errors.AsType[*kerberosError](err); ok && no.Code == codePreauthNeeded {
		key := keyFor(keys, no.Data, etypes)
		stamp, stampErr := c.timestamp(key)
		if stampErr != nil {
			return credential{}, stampErr
		}
		reply, err = c.requestLogOn(ctx, conf, client.realm, encoded, []types.PAData{stamp})
	}
	if err != nil {
		return credential{}, err
	}
	for _, key := range keys {
		if key.KeyType == reply.Sealed.EType {
			if cred, openErr := reply.open(body, key, usageASRep, tagEncASRep, tagEncTGSRep); openErr == nil {
				return cred, nil
			}
		}
	}
	return credential{}, pam.Failf(pam.ErrDelegationRefused, "the key of %s in the keytab does not open the KDC's answer", client).WithHint("%s", staleKeytab)
}

func (c *Client) requestLogOn(ctx context.Context, conf *krb5conf, realm string, body []byte, data []types.PAData) (*kdcReply, error) {
	request, err := encodeRequest(tagASReq, data, body)
	if err != nil {
		return nil, err
	}
	return c.send(ctx, conf, realm, request, tagASRep)
}

// keyFor picks the key of the encryption type that the KDC wants first.
func keyFor(keys []types.EncryptionKey, wanted []byte, etypes []int32) types.EncryptionKey {
	const dataETypeInfo2 = 19
	order := etypes
	var data []types.PAData
	if _, err := asn1.Unmarshal(wanted, &data); err == nil {
		for _, d := range data {
			var info types.ETypeInfo2
			if d.PADataType == dataETypeInfo2 && info.Unmarshal(d.PADataValue) == nil {
				order = nil
				for _, entry := range info {
					order = append(order, entry.EType)
				}
			}
		}
	}
	for _, et := range append(order, etypes...) {
		if i := slices.IndexFunc(keys, func(k types.EncryptionKey) bool { return k.KeyType == et }); i >= 0 {
			return keys[i]
		}
	}
	return keys[0]
}

// timestamp proves that the sender has the key now.
func (c *Client) timestamp(key types.EncryptionKey) (types.PAData, error) {
	at, micros := c.stamp()
	plain, err := asn1.Marshal(encryptedTime{Time: at, Micros: micros})
	if err != nil {
		return types.PAData{}, err
	}
	sealed, err := seal(plain, key, usageTimestamp, 0)
	if err != nil {
		return types.PAData{}, err
	}
	encoded, err := sealed.Marshal()
	return types.PAData{PADataType: dataTimestamp, PADataValue: encoded}, err
}

// stamp is the time in the form of the protocol.
func (c *Client) stamp() (time.Time, int) {
	now := c.now().UTC()
	return now.Truncate(time.Second), now.Nanosecond() / 1000
}

// proven is a request that carries a ticket.
type proven struct {
	request []byte // AP-REQ
	at      time.Time
	micros  int
}

// prove wraps a ticket with a proof that its key is known.
func (c *Client) prove(cred credential, usage uint32, sum types.Checksum, options []int) (proven, error) {
	at, micros := c.stamp()
	var seq [4]byte
	_, _ = rand.Read(seq[:]) // never fails
	plain, err := encode(tagAuthenticator, types.Authenticator{
		AVNO: protocolVersion, CRealm: cred.client.realm, CName: cred.client.types(), Cksum: sum,
		CTime: at, Cusec: micros, SeqNumber: int64(binary.BigEndian.Uint32(seq[:]) & 0x3fffffff),
	})
	if err != nil {
		return proven{}, err
	}
	sealed, err := seal(plain, cred.key, usage, 0)
	if err != nil {
		return proven{}, err
	}
	request, err := encode(tagAPReq, apRequest{
		Version: protocolVersion, Type: tagAPReq, Options: flags(options...), Ticket: explicit(3, cred.ticket), Sealed: sealed,
	})
	return proven{request: request, at: at, micros: micros}, err
}

// parsePrincipal reads NAME[/INSTANCE][@REALM].
func parsePrincipal(text, realm string) principal {
	if name, given, ok := strings.Cut(text, "@"); ok {
		text, realm = name, given
	}
	return principal{realm: realm, kind: namePrincipal, name: strings.Split(text, "/")}
}
