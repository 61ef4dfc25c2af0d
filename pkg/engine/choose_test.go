package engine

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/pam"
)

func choices() []pam.Credential {
	sql := func(instance string) pam.Credential {
		return pam.Credential{System: "db01", Account: "sa", Target: `db01\` + instance, Type: pam.StoreSQLServer}
	}
	return []pam.Credential{
		windows("web01", "Administrator"), sql("PROD"), sql("DEV"),
		{Kind: pam.KindDomain, System: "example.local", Namespace: "EX", Account: "svc-deploy", Type: pam.StoreWindows},
		shared("Network gear", "web01", "admin"), shared("Spare", "web01", "admin"),
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		account, list string
		want          string // its reference
		class         pam.Class
		says          string
	}{
		"an account in any case":          {"ADMINISTRATOR", "", "web01/Administrator", "", ""},
		"a reference":                     {"web01/administrator", "", "web01/Administrator", "", ""},
		"a domain account by its domain":  {`ex\svc-deploy`, "", `EX\svc-deploy`, "", ""},
		"a domain account by its name":    {`svc-deploy`, "", `EX\svc-deploy`, "", ""},
		"an entry by its list":            {"admin", "spare", "Spare: web01/admin", "", ""},
		"an entry by its reference":       {"Spare: web01/admin", "", "Spare: web01/admin", "", ""},
		"the only entry of a list":        {"", "Spare", "Spare: web01/admin", "", ""},
		"one of two data bases":           {`db01\DEV/sa`, "", "db01/sa", "", ""},
		"two entries of one name":         {"admin", "", "", pam.ErrUsage, "Network gear: web01/admin; Spare: web01/admin"},
		"two data bases are told apart":   {"sa", "", "", pam.ErrUsage, `db01\PROD/sa; db01\DEV/sa`},
		"several and nothing was said":    {"", "", "", pam.ErrUsage, "more than one credential fits: web01/Administrator; "},
		"no such account":                 {"root", "", "", pam.ErrNotFound, "no credential fits account root"},
		"no such list":                    {"", "None", "", pam.ErrNotFound, "no credential fits list None"},
		"no such account of a list":       {"root", "Spare", "", pam.ErrNotFound, "no credential fits account root of list Spare"},
		"a local account is in no list":   {"Administrator", "Spare", "", pam.ErrNotFound, "of list Spare"},
		"half a name is none":             {"Admin", "Network", "", pam.ErrNotFound, "no credential"},
		"a backslash without a domain":    {`\administrator`, "", "", pam.ErrNotFound, "no credential"},
		"a domain account with its place": {`example.local/EX\svc-deploy`, "", `EX\svc-deploy`, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Choose(choices(), tt.account, tt.list)
			if tt.class == "" && (err != nil || got.Ref() != tt.want) {
				t.Errorf("got %s, %v", got.Ref(), err)
			}
			if tt.class != "" && (!errors.Is(err, tt.class) || !strings.Contains(err.Error(), tt.says) || got != (pam.Credential{})) {
				t.Errorf("got %s, %v", got.Ref(), err)
			}
			if f, ok := errors.AsType[*pam.Failure](err); ok && !strings.Contains(f.Hint, "there is web01/Administrator; ") {
				t.Errorf("hint %q", f.Hint)
			}
		})
	}
}

func TestChooseOfNothing(t *testing.T) {
	t.Parallel()
	if _, err := Choose(nil, "", ""); !errors.Is(err, pam.ErrNoCredentials) {
		t.Errorf("got %v", err)
	}
	if got, err := Choose(choices()[:1], "", ""); err != nil || got.Account != "Administrator" {
		t.Errorf("the only one: got %v, %v", got.Ref(), err)
	}
}

func TestChooseLeavesTheListAlone(t *testing.T) {
	t.Parallel()
	list := choices()
	_, _ = Choose(list, "sa", "")
	if diff := cmp.Diff(choices(), list); diff != "" {
		t.Errorf("the list changed:\n%s", diff)
	}
	ambiguous, ok := errors.AsType[*AmbiguousError](errOf(Choose(list, "sa", "")))
	if !ok || len(ambiguous.Choices) != 2 || !errors.Is(ambiguous, pam.ErrUsage) || errors.Is(ambiguous, pam.ErrNotFound) {
		t.Errorf("got %+v", ambiguous)
	}
}

func errOf(_ pam.Credential, err error) error { return err }

func TestLabelsUseTheShortestNameThatIsEnough(t *testing.T) {
	t.Parallel()
	upper := windows("web01", "Administrator")
	upper.Target = "WEB01"
	owned := windows("web01", "svc")
	owned.Namespace = "EX"
	creds := append(choices(), windows("web01", "svc"), owned, windows("app01", "x"), pam.Credential{System: "app01", Account: "x", Target: "app01", Type: pam.StoreUnix})
	creds[0] = upper
	want := []string{
		"web01/Administrator", `db01\PROD/sa`, `db01\DEV/sa`, `EX\svc-deploy`, "Network gear: web01/admin", "Spare: web01/admin",
		"web01/svc (local, windows)", `web01/EX\svc`, "app01/x (local, windows)", "app01/x (local, linux)",
	}
	if diff := cmp.Diff(want, Labels(creds)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestChooseFindsEveryLabel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		anything := rapid.Custom(func(t *rapid.T) pam.Credential {
			kind := rapid.SampledFrom([]string{"local", "domain", "list"}).Draw(t, "kind")
			c := drawCredential(t, kind)
			if kind == "domain" {
				c.Kind, c.Namespace = pam.KindDomain, anyCase("ex", "corp").Draw(t, "domain")
			}
			return c
		})
		creds := merge(rapid.SliceOfN(anything, 1, 6).Draw(t, "credentials"))
		labels := Labels(creds)
		if folded := lowered(labels); len(slices.Compact(slices.Sorted(slices.Values(folded)))) != len(creds) {
			t.Fatalf("labels %q are not different", labels)
		}
		for i, label := range labels {
			if got, err := Choose(creds, label, ""); err != nil || !got.Same(creds[i]) {
				t.Errorf("%q chooses %+v, %v; want %+v", label, got, err, creds[i])
			}
		}
	})
}
