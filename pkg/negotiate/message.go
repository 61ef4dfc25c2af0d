package negotiate

import (
	"errors"
	"fmt"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/types"
)

// The messages of RFC 4120 that a client or an acceptor of tickets needs.

// Application tags, which are also the message types from asReq to apRep.
const (
	tagTicket        = 1
	tagAuthenticator = 2
	tagEncTicket     = 3
	tagASReq         = 10
	tagASRep         = 11
	tagTGSReq        = 12
	tagTGSRep        = 13
	tagAPReq         = 14
	tagAPRep         = 15
	tagEncASRep      = 25
	tagEncTGSRep     = 26
	tagEncAPRep      = 27
	tagError         = 30
)

// Key usages of section 7.5.1.
const (
	usageTimestamp     = 1
	usageTicket        = 2
	usageASRep         = 3
	usageTGSChecksum   = 6
	usageTGSAuth       = 7
	usageTGSRep        = 8
	usageAPAuth        = 11
	usageAPRep         = 12
	protocolVersion    = 5
	maxKerberosMessage = 1 << 20
)

// ticket is a Ticket; its encrypted part is for the service alone.
type ticket struct {
	Version int                 `asn1:"explicit,tag:0"`
	Realm   string              `asn1:"generalstring,explicit,tag:1"`
	Service types.PrincipalName `asn1:"explicit,tag:2"`
	Sealed  types.EncryptedData `asn1:"explicit,tag:3"`
}

// ticketPart is what the service finds in a ticket.
type ticketPart struct {
	Flags     asn1.BitString                 `asn1:"explicit,tag:0"`
	Key       types.EncryptionKey            `asn1:"explicit,tag:1"`
	Realm     string                         `asn1:"generalstring,explicit,tag:2"`
	Name      types.PrincipalName            `asn1:"explicit,tag:3"`
	Transited asn1.RawValue                  `asn1:"explicit,tag:4"`
	AuthTime  time.Time                      `asn1:"generalized,explicit,tag:5"`
	StartTime time.Time                      `asn1:"generalized,explicit,optional,tag:6"`
	EndTime   time.Time                      `asn1:"generalized,explicit,tag:7"`
	RenewTill time.Time                      `asn1:"generalized,explicit,optional,tag:8"`
	Addresses []types.HostAddress            `asn1:"explicit,optional,tag:9"`
	AuthData  []types.AuthorizationDataEntry `asn1:"explicit,optional,tag:10"`
}

// apRequest carries a ticket and a proof that the sender knows its key.
type apRequest struct {
	Version int                 `asn1:"explicit,tag:0"`
	Type    int                 `asn1:"explicit,tag:1"`
	Options asn1.BitString      `asn1:"explicit,tag:2"`
	Ticket  asn1.RawValue       `asn1:"explicit,tag:3"`
	Sealed  types.EncryptedData `asn1:"explicit,tag:4"`
}

// apReply proves that the service could read the ticket.
type apReply struct {
	Version int                 `asn1:"explicit,tag:0"`
	Type    int                 `asn1:"explicit,tag:1"`
	Sealed  types.EncryptedData `asn1:"explicit,tag:2"`
}

type apReplyPart struct {
	Time      time.Time           `asn1:"generalized,explicit,tag:0"`
	Micros    int                 `asn1:"explicit,tag:1"`
	SubKey    types.EncryptionKey `asn1:"explicit,optional,tag:2"`
	SeqNumber int64               `asn1:"explicit,optional,tag:3"`
}

// kerberosError is the KDC's "no".
type kerberosError struct {
	Version     int                 `asn1:"explicit,tag:0"`
	Type        int                 `asn1:"explicit,tag:1"`
	ClientTime  time.Time           `asn1:"generalized,explicit,optional,tag:2"`
	ClientUsec  int                 `asn1:"explicit,optional,tag:3"`
	Time        time.Time           `asn1:"generalized,explicit,tag:4"`
	Micros      int                 `asn1:"explicit,tag:5"`
	Code        int32               `asn1:"explicit,tag:6"`
	ClientRealm string              `asn1:"generalstring,explicit,optional,tag:7"`
	Client      types.PrincipalName `asn1:"explicit,optional,tag:8"`
	Realm       string              `asn1:"generalstring,explicit,tag:9"`
	Service     types.PrincipalName `asn1:"explicit,tag:10"`
	Text        string              `asn1:"generalstring,explicit,optional,tag:11"`
	Data        []byte              `asn1:"explicit,optional,tag:12"`
}

// Error gives the code of RFC 4120, section 7.5.9.
func (e *kerberosError) Error() string { return fmt.Sprintf("Kerberos error %d", e.Code) }

// decode reads a message under an application tag.
func decode(b []byte, tag int, into any) error {
	if len(b) > maxKerberosMessage {
		return errors.New("the message is too long")
	}
	rest, err := asn1.UnmarshalWithParams(b, into, fmt.Sprintf("application,explicit,tag:%d", tag))
	if err == nil && len(rest) > 0 {
		return errors.New("something follows the message")
	}
	return err
}

// encode writes a message under an application tag.
func encode(tag int, v any) ([]byte, error) {
	inner, err := asn1.Marshal(v)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(asn1.RawValue{Class: asn1.ClassApplication, Tag: tag, IsCompound: true, Bytes: inner})
}

// explicit puts what is encoded already into a field of a message.
func explicit(tag int, inner []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: inner}
}

func (t *ticket) unmarshal(b []byte) error { return decode(b, tagTicket, t) }

// supported are the encryption types that are taken, the strongest first. The
// older ones are broken, and not even read.
func supported() []int32 { return []int32{20, 18, 19, 17} }

// unseal decrypts. The library trusts lengths that come from the network.
func unseal(sealed types.EncryptedData, key types.EncryptionKey, usage uint32) (plain []byte, err error) {
	defer func() {
		if recover() != nil {
			plain, err = nil, errors.New("the sealed part is malformed")
		}
	}()
	if sealed.EType != key.KeyType {
		return nil, fmt.Errorf("sealed by encryption type %d, the key is of type %d", sealed.EType, key.KeyType)
	}
	if et, err := crypto.GetEtype(key.KeyType); err != nil || len(sealed.Cipher) < et.GetConfounderByteSize()+et.GetHMACBitLength()/8 {
		return nil, errors.New("the sealed part is too short")
	}
	return crypto.DecryptEncPart(sealed, key, usage)
}

// seal encrypts.
func seal(plain []byte, key types.EncryptionKey, usage uint32, version int) (types.EncryptedData, error) {
	return crypto.GetEncryptedData(plain, key, usage, version)
}

// flag tells whether a bit of a Kerberos flag field is set.
func flag(bits asn1.BitString, n int) bool { return bits.At(n) == 1 }

// flags makes a flag field of the usual 32 bits.
func flags(set ...int) asn1.BitString {
	b := asn1.BitString{Bytes: make([]byte, 4), BitLength: 32}
	for _, n := range set {
		b.Bytes[n/8] |= 1 << (7 - n%8)
	}
	return b
}
