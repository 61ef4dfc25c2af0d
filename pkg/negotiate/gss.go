package negotiate

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/jcmturner/gofork/encoding/asn1"
)

// The tokens of SPNEGO (RFC 4178) and of the Kerberos mechanism (RFC 4121), as
// far as one round of HTTP Negotiate needs them.

func oidSPNEGO() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 2} }
func oidKerberos() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 2, 840, 113554, 1, 2, 2}
}

// oidKerberosMS is how Windows names the same mechanism, by an old mistake.
func oidKerberosMS() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 48018, 1, 2, 2} }

func isKerberos(oid asn1.ObjectIdentifier) bool {
	return oid.Equal(oidKerberos()) || oid.Equal(oidKerberosMS())
}

// What kind of Kerberos message a mechanism's token holds.
const (
	tokenAPReq = 0x0100
	tokenAPRep = 0x0200
	tokenError = 0x0300
)

type negInit struct {
	Mechanisms []asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
	Flags      asn1.BitString          `asn1:"explicit,optional,tag:1"`
	Token      []byte                  `asn1:"explicit,optional,omitempty,tag:2"`
	MIC        asn1.RawValue           `asn1:"explicit,optional,tag:3"`
}

type negReply struct {
	State     asn1.Enumerated       `asn1:"explicit,optional,tag:0,default:-1"`
	Mechanism asn1.ObjectIdentifier `asn1:"explicit,optional,tag:1"`
	Token     []byte                `asn1:"explicit,optional,omitempty,tag:2"`
	MIC       []byte                `asn1:"explicit,optional,omitempty,tag:3"`
}

const (
	stateCompleted = 0
	stateReject    = 2
)

var (
	errNTLM      = errors.New("the token is one of NTLM")
	errMechanism = errors.New("the token is of another mechanism than Kerberos")
	errToken     = errors.New("the token is malformed")
)

// framed puts a token under the header that the first of a mechanism has.
func framed(oid asn1.ObjectIdentifier, inner []byte) ([]byte, error) {
	head, err := asn1.Marshal(oid)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(asn1.RawValue{Class: asn1.ClassApplication, Tag: 0, IsCompound: true, Bytes: append(head, inner...)})
}

// unframed takes that header off.
func unframed(b []byte) (asn1.ObjectIdentifier, []byte, error) {
	var outer asn1.RawValue
	if rest, err := asn1.Unmarshal(b, &outer); err != nil || len(rest) > 0 || outer.Class != asn1.ClassApplication || outer.Tag != 0 {
		return nil, nil, errToken
	}
	var oid asn1.ObjectIdentifier
	inner, err := asn1.Unmarshal(outer.Bytes, &oid)
	if err != nil {
		return nil, nil, errToken
	}
	return oid, inner, nil
}

// initToken is the first and only token of a client.
func initToken(request []byte) ([]byte, error) {
	mech, err := framed(oidKerberos(), append([]byte{tokenAPReq >> 8, 0}, request...))
	if err != nil {
		return nil, err
	}
	body, err := asn1.Marshal(negInit{Mechanisms: []asn1.ObjectIdentifier{oidKerberos()}, Token: mech})
	if err != nil {
		return nil, err
	}
	choice, err := asn1.Marshal(explicit(0, body))
	if err != nil {
		return nil, err
	}
	return framed(oidSPNEGO(), choice)
}

// openInit finds the Kerberos message in a client's token, which may come bare
// or in SPNEGO. The mechanism is what an answer has to name; nil for a bare one.
func openInit(b []byte) (request []byte, mechanism asn1.ObjectIdentifier, err error) {
	if bytes.HasPrefix(b, []byte("NTLMSSP\x00")) {
		return nil, nil, errNTLM
	}
	oid, inner, err := unframed(b)
	if err != nil {
		return nil, nil, err
	}
	if isKerberos(oid) {
		request, err = kerberosMessage(inner, tokenAPReq)
		return request, nil, err
	}
	if !oid.Equal(oidSPNEGO()) {
		return nil, nil, errMechanism
	}
	return openSPNEGO(inner)
}

func openSPNEGO(inner []byte) ([]byte, asn1.ObjectIdentifier, error) {
	var choice asn1.RawValue
	if rest, err := asn1.Unmarshal(inner, &choice); err != nil || len(rest) > 0 || choice.Class != asn1.ClassContextSpecific || choice.Tag != 0 {
		return nil, nil, errToken
	}
	var init negInit
	if _, err := asn1.Unmarshal(choice.Bytes, &init); err != nil {
		return nil, nil, errToken
	}
	if bytes.HasPrefix(init.Token, []byte("NTLMSSP\x00")) {
		return nil, nil, errNTLM
	}
	if len(init.Mechanisms) == 0 || !isKerberos(init.Mechanisms[0]) || len(init.Token) == 0 {
		return nil, nil, errMechanism
	}
	oid, message, err := unframed(init.Token)
	if err != nil || !isKerberos(oid) {
		return nil, nil, errToken
	}
	request, err := kerberosMessage(message, tokenAPReq)
	return request, init.Mechanisms[0], err
}

// kerberosMessage takes off the two bytes that say what follows.
func kerberosMessage(b []byte, want uint16) ([]byte, error) {
	if len(b) < 2 || binary.BigEndian.Uint16(b) != want {
		return nil, errToken
	}
	return b[2:], nil
}

// acceptToken is the answer to a token that was accepted. Reply is an AP-REP,
// or empty where the client asked for none.
func acceptToken(mechanism asn1.ObjectIdentifier, reply []byte) ([]byte, error) {
	var err error
	if len(reply) > 0 {
		if reply, err = framed(oidKerberos(), append([]byte{tokenAPRep >> 8, 0}, reply...)); err != nil {
			return nil, err
		}
	}
	if mechanism == nil {
		return reply, nil
	}
	return respond(negReply{State: stateCompleted, Mechanism: mechanism, Token: reply})
}

// rejectToken is the answer to a token of SPNEGO that was not.
func rejectToken() ([]byte, error) { return respond(negReply{State: stateReject}) }

func respond(r negReply) ([]byte, error) {
	body, err := asn1.Marshal(r)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(explicit(1, body))
}

// openReply finds the AP-REP in a server's last token; nil when there is none.
func openReply(b []byte) (state int, reply []byte, err error) {
	var choice asn1.RawValue
	if _, err := asn1.Unmarshal(b, &choice); err != nil {
		return 0, nil, errToken
	}
	token := b
	if choice.Class == asn1.ClassContextSpecific && choice.Tag == 1 {
		var r negReply
		if _, err := asn1.Unmarshal(choice.Bytes, &r); err != nil {
			return 0, nil, errToken
		}
		state, token = int(r.State), r.Token
	}
	if len(token) == 0 {
		return state, nil, nil
	}
	oid, message, err := unframed(token)
	if err != nil || !isKerberos(oid) {
		return state, nil, errToken
	}
	reply, err = kerberosMessage(message, tokenAPRep)
	return state, reply, err
}
