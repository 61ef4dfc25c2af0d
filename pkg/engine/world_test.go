package engine

import (
	"context"
	"net/netip"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// worldSource is a world behind the port.
type worldSource struct {
	fakeSource
	world *world
	asked []string
}

func (s *worldSource) lookUp(as pam.Identity, question string) answer {
	s.asked = append(s.asked, strings.ToLower(as.String()+": "+question))
	return s.world.ask(as.String(), question)
}

func (s *worldSource) Stored(_ context.Context, as pam.Identity, system string) ([]pam.Credential, error) {
	a := s.lookUp(as, "stored "+system)
	return a.creds, a.err
}

func (s *worldSource) SharedLists(_ context.Context, as pam.Identity) ([]string, error) {
	a := s.lookUp(as, "lists")
	return a.texts, a.err
}

func (s *worldSource) SharedEntries(_ context.Context, as pam.Identity, list string) ([]pam.Credential, error) {
	a := s.lookUp(as, "list "+list)
	return a.creds, a.err
}

func (s *worldSource) SystemName(_ context.Context, as pam.Identity, ip netip.Addr) (string, error) {
	a := s.lookUp(as, "name "+ip.String())
	return strings.Join(a.texts, ""), a.err
}
