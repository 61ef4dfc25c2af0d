package redim

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAHelpPageIsReadRowByRow(t *testing.T) {
	t.Parallel()
	const page = `<html><body><h1>help/operations/Title</h1><table>
<tr><th>Uri</th><th>Method</th></tr>
<tr><td>DoLogin</td><td><a rel="operation" href="help/operations/DoLogin">POST</a></td><td>Service at x</td></tr>
<tr><td rowspan="2" title="x">Set/{NAME}?A={A}&amp;B={B}</td><td title="x"><a href='help/operations/GetSet'> get </a></td></tr>
<tr><td title="x"><a href="help/operations/PutSet">PUT</a></td></tr>
<tr><td>a&lt;b</td><td><a href="https://h/App/x.svc/help/operations/Odd">much longer than a method</a></td></tr>
<tr><td>no link</td></tr></table>`
	got := helpOffers(page)
	want := []offer{{"DoLogin", "POST", "DoLogin"}, {"GetSet", "GET", "Set/{NAME}"}, {"PutSet", "PUT", "Set/{NAME}"}, {"Odd", "", "a<b"}}
	if !slices.Equal(got, want) {
		t.Errorf("read %+v", got)
	}
}

func TestPlacesAreComparedPartByPart(t *testing.T) {
	t.Parallel()
	for path, there := range map[string]bool{
		"A/b": true, "a/B": true, "A/$list": true, "A": false, "A/b/c": false, "A/c": false, "$system/b": true,
	} {
		if samePlace(path, "a/b") != there {
			t.Errorf("%s is taken for %v", path, !there)
		}
	}
	if !samePlace("Sets/x", "sets/{NAME}") || samePlace("Sets", "sets/{NAME}") {
		t.Error("what a page fills in is not taken for anything")
	}
}

func TestLikeNamesHaveWordsInCommon(t *testing.T) {
	t.Parallel()
	there := []string{"DoLogin", "DoLoginAs", "DoLoginAsUser", "GET Delegation/Identity", "JobOps_GetStatus", "JobOps_GetStatusOfJob", "JobOps_Clone"}
	for name, want := range map[string][]string{
		"DoLoginImpersonated": {"DoLoginAs"}, "JobOps_GetJobStatus": {"JobOps_GetStatus", "JobOps_GetStatusOfJob"}, "Unlike": nil, "": nil,
	} {
		if got := likest(name, there, []string{"dologin"}); !slices.Equal(got, want) {
			t.Errorf("like %s are %q, want %q", name, got, want)
		}
	}
}

// FuzzHelpPage reads any page. What comes out is bounded and short.
func FuzzHelpPage(f *testing.F) {
	for _, seed := range []string{
		`<tr><td>A</td><td><a href="help/operations/A">POST</a></td></tr>`, "<tr", "help/operations/", "<tr><td><tr help/operations/x>", "<tr><td>\xff</td>help/operations/\xff",
		"<tr>" + strings.Repeat("<td>", 100) + "&#x0;help/operations/a>b<", strings.Repeat("<tr>help/operations/a", 10),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, page string) {
		for _, o := range helpOffers(page) {
			if o.name == "" || len(o.name) > maxWord || len(o.uri) > maxWord || len(o.method) > 10 || strings.ContainsFunc(o.method, notInName) {
				t.Fatalf("offered is %+v", o)
			}
			_ = samePlace("a/$b", o.uri)
			if strings.ContainsAny(o.name, " /\"<>") || !utf8.ValidString(o.name) && utf8.ValidString(page) {
				t.Fatalf("the name is %q", o.name)
			}
		}
		_ = likest(page[:min(len(page), maxWord)], []string{"DoLoginAs"}, nil)
	})
}
