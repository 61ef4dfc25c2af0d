package adgroups

import (
	"errors"
	"io"
	"log" //nolint:depguard // the library wants a logger, and gets one that says nothing

	"github.com/jcmturner/gokrb5/v8/pac"
	"github.com/jcmturner/gokrb5/v8/types"
)

// SIDs lists the security identifiers of the groups in privilege data, after
// checking the server's signature over it. It fits negotiate.AcceptorConfig.
func SIDs(privileges []byte, keyType int32, key []byte) (sids []string, err error) {
	defer func() {
		if recover() != nil { // the library trusts the lengths in it
			sids, err = nil, errors.New("it is malformed")
		}
	}()
	var p pac.PACType
	if err := p.Unmarshal(privileges); err != nil {
		return nil, errors.New("it is malformed")
	}
	if err := p.ProcessPACInfoBuffers(types.EncryptionKey{KeyType: keyType, KeyValue: key}, log.New(io.Discard, "", 0)); err != nil {
		return nil, errors.New("its parts or its signature are wrong")
	}
	if p.KerbValidationInfo == nil {
		return nil, nil
	}
	return p.KerbValidationInfo.GetGroupMembershipSIDs(), nil
}
