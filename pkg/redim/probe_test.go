package redim_test

import (
	"slices"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

func TestAProbeTellsWhatAnInstallationHas(t *testing.T) {
	t.Parallel()
	estate := redimtest.SampleEstate()
	estate.Service.MissingOperations = []string{"JobOps_SetJobComment"}
	estate.Service.RenamedOperations = map[string]string{"DoLoginImpersonated": "DoLoginAs"}
	b := newBench(t, redimtest.Options{Estate: estate})
	p, err := b.client().Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	for _, n := range p.Needed {
		if !n.Found {
			missing = append(missing, n.Key+"="+n.Name)
		}
	}
	if !slices.Equal(missing, []string{"log_in_as=DoLoginImpersonated", "job_comment=JobOps_SetJobComment"}) || len(p.Needed) != 16 {
		t.Errorf("missing are %v of %d", missing, len(p.Needed))
	}
	if !slices.Contains(p.Others, "DoLoginAs") || slices.Contains(p.Others, "DoLogin2") {
		t.Errorf("others are %v", p.Others)
	}
	if p.Address != b.URL()+"/ERPMWebService/JSON/V2/AuthService.svc/help" {
		t.Errorf("read %s", p.Address)
	}
	if stats := b.Stats(); len(stats.Operations) != 0 {
		t.Errorf("a probe used %v", stats.Operations)
	}
}

func TestAProbeThatCanNotTellSaysWhy(t *testing.T) {
	t.Parallel()
	estate := redimtest.SampleEstate()
	estate.Service.NoHelpPage = true
	b := newBench(t, redimtest.Options{Estate: estate})
	_, err := b.client().Probe(t.Context())
	wantFailure(t, err, pam.ErrNotFound, "switched off", false)
	_ = b.Close()
	b.config.HTTP.CloseIdleConnections()
	_, err = b.client().Probe(t.Context())
	wantFailure(t, err, pam.ErrUnreachable, "endpoint_url", false)
	for reply, class := range map[string]pam.Class{"<html>welcome": pam.ErrProtocol, "help/operations/": pam.ErrProtocol} {
		_, err = canned(t, map[string]string{"help": "text/html|" + reply}).Probe(t.Context())
		wantFailure(t, err, class, "endpoint_url", false)
	}
}
