package redim_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

func (b *bench) probe(operations map[string]any) dialect.Survey {
	b.t.Helper()
	s, err := redim.Probe(b.t.Context(), redim.Config{ServiceURL: b.config.ServiceURL, Operations: operations, HTTP: b.config.HTTP})
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func page(t *testing.T, s dialect.Survey, name string) dialect.Page {
	t.Helper()
	p, ok := s.Page(name)
	if !ok || p.Problem != "" || len(p.Needed) < 15 {
		t.Fatalf("the page of %s is %+v", name, p)
	}
	return p
}

func missing(p dialect.Page) []string {
	var out []string
	for _, n := range p.Missing() {
		out = append(out, n.Key+"="+n.Name+" instead "+strings.Join(n.Instead, "|"))
	}
	return out
}

func TestAProbeTellsWhatAnInstallationHas(t *testing.T) {
	t.Parallel()
	estate := redimtest.SampleEstate()
	estate.Service.MissingOperations = []string{"JobOps_SetJobComment"}
	estate.Service.RenamedOperations = map[string]string{"DoLoginImpersonated": "DoLoginAs", "Job/PasswordChange": "Job/Password"}
	b := newBench(t, redimtest.Options{Estate: estate})
	s := b.probe(nil)
	for name, want := range map[string][]string{
		"json-v2": {"log_in_as=DoLoginImpersonated instead DoLoginAs", "job_comment=JobOps_SetJobComment instead "},
		"json-v1": {"log_in_as=DoLoginImpersonated instead DoLoginAs", "job_comment=JobOps_SetJobComment instead "},
		"rest":    {"log_in_as=DoLoginImpersonated instead DoLoginAs", "job_create=Job/PasswordChange instead Job/Password", "job_comment=JobOps_SetJobComment instead "},
	} {
		if got := missing(page(t, s, name)); !slices.Equal(got, want) {
			t.Errorf("%s lacks %q", name, got)
		}
	}
	if others := page(t, s, "json-v2").Others; !slices.Contains(others, "DoLoginAs") || slices.Contains(others, "DoLogin2") {
		t.Errorf("others are %v", others)
	}
	if others := page(t, s, "rest").Others; !slices.Contains(others, "GET ManagementSets") || !slices.Contains(others, "ManagementSets") || slices.Contains(others, "Login") {
		t.Errorf("others of REST are %v", others)
	}
	if at := page(t, s, "rest").Address; at != b.URL()+"/ERPMWebService/AuthService.svc/REST/help" {
		t.Errorf("read %s", at)
	}
	if s.Recommended != "json-v2" {
		t.Errorf("recommended is %q", s.Recommended)
	}
	if stats := b.Stats(); len(stats.Operations) != 0 {
		t.Errorf("a probe used %v", stats.Operations)
	}
}

func TestAProbeRecommendsWhatThereIs(t *testing.T) {
	t.Parallel()
	for _, name := range dialect.Spoken() {
		b := newBench(t, redimtest.Options{Dialect: name})
		s := b.probe(nil)
		if s.Recommended != name || len(page(t, s, name).Missing()) != 0 {
			t.Errorf("where only %s is, recommended is %q", name, s.Recommended)
		}
		for _, p := range s.Pages {
			if (p.Problem == "404") == (p.Dialect == name) {
				t.Errorf("the page of %s has the problem %q", p.Dialect, p.Problem)
			}
		}
	}
}

func TestAProbeKnowsOverrides(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{})
	s := b.probe(map[string]any{
		"shared_lists": map[string]any{"method": "GET", "path": "/AuthService.svc/REST/ManagementSets", "header": map[string]any{"AuthenticationToken": "$token"}},
		"system_name":  map[string]any{"operation": "WhoIs"},
		"stored_list":  map[string]any{"method": "GET", "path": "/AuthService.svc/REST/$system/System/Linux", "header": map[string]any{"AuthenticationToken": "$token"}},
	})
	if got := missing(page(t, s, "json-v2")); !slices.Equal(got, []string{"system_name=WhoIs instead "}) {
		t.Errorf("missing are %q", got)
	}
}

func TestAProbeThatCanNotTellSaysWhy(t *testing.T) {
	t.Parallel()
	estate := redimtest.SampleEstate()
	estate.Service.NoHelpPage = true
	b := newBench(t, redimtest.Options{Estate: estate})
	config := redim.Config{ServiceURL: b.EndpointURL(), HTTP: b.config.HTTP}
	_, err := redim.Probe(t.Context(), config)
	wantFailure(t, err, pam.ErrNotFound, "switched off", false)
	_ = b.Close()
	b.config.HTTP.CloseIdleConnections()
	_, err = redim.Probe(t.Context(), config)
	wantFailure(t, err, pam.ErrUnreachable, "endpoint_url", false)
	for _, hostile := range []string{
		"<html>welcome", "help/operations/", "<tr", strings.Repeat("<tr><td>", 1<<18), strings.Repeat("<tr help/operations/", 1<<18),
		strings.Repeat("<tr help/operations/\xff\x1b[2J>", 1000), "<tr>" + strings.Repeat("<td>", 1<<18) + "help/operations/",
	} {
		_, err = redim.Probe(t.Context(), redim.Config{ServiceURL: pageOf(t, hostile), HTTP: &http.Client{}})
		wantFailure(t, err, pam.ErrProtocol, "endpoint_url", false)
	}
	_, err = redim.Probe(t.Context(), redim.Config{ServiceURL: pageOf(t, strings.Repeat("x", 9<<20)), HTTP: &http.Client{}})
	wantFailure(t, err, pam.ErrProtocol, "RED IM", false)
	_, err = redim.Probe(t.Context(), redim.Config{ServiceURL: "x"})
	wantFailure(t, err, pam.ErrUsage, "full address", false)
}

// pageOf is the address of a service that shows the same page everywhere.
func pageOf(t *testing.T, page string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, page) }))
	t.Cleanup(s.Close)
	return s.URL + "/App/AuthService.svc"
}

func TestManyAndLongNamesAreBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for range 8000 {
		b.WriteString(`<tr><td>` + strings.Repeat("u", 400) + `</td><td><a href="help/operations/Name">POST</a></td></tr>`)
	}
	b.WriteString(`<tr><td>DoLogin2</td><td><a href="help/operations/` + strings.Repeat("N", 1000) + `">POST</a></td></tr>`)
	s, err := redim.Probe(t.Context(), redim.Config{ServiceURL: pageOf(t, b.String()), HTTP: &http.Client{}})
	if err != nil {
		t.Fatal(err)
	}
	if p := page(t, s, "json-v2"); len(p.Others) != 0 || len(p.Missing()) != len(p.Needed)-3 { // the ways to sign in share one operation
		t.Errorf("others are %d, missing %d", len(p.Others), len(p.Missing()))
	}
}
