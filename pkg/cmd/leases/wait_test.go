package leases

import (
	"errors"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

func TestARefusedRequestSaysWhoAndWhy(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		request vault.Request
		class   pam.Class
		says    string
	}{
		"denied": {
			vault.Request{State: vault.RequestRejected, Decisions: []vault.Decision{{By: "carol", Approve: true}, {By: "bob", Comment: "not tonight"}}},
			pam.ErrDenied, "bob denied request r1 for web01/root: not tonight",
		},
		"denied without a word": {vault.Request{State: vault.RequestRejected, Decisions: []vault.Decision{{By: "bob"}}}, pam.ErrDenied, "bob denied request r1 for web01/root"},
		"timed out":             {vault.Request{State: vault.RequestRejected}, pam.ErrDenied, "nobody decided request r1 for web01/root in time"},
		"collected":             {vault.Request{State: vault.RequestCollected, Lease: "l1"}, pam.ErrConflict, "request r1 for web01/root was collected by another check-out, l1"},
		"dropped":               {vault.Request{State: vault.RequestDropped}, pam.ErrDenied, "request r1 for web01/root is dropped"},
		"lapsed":                {vault.Request{State: vault.RequestLapsed}, pam.ErrDenied, "request r1 for web01/root is lapsed"},
	}
	for name, tt := range tests {
		tt.request.ID, tt.request.Credential = "r1", "web01/root"
		err := refused(tt.request)
		f, ok := errors.AsType[*pam.Failure](err)
		if !ok || f.Class != tt.class || f.Message != tt.says || f.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyHowTheVaultDecidesIsAnOutcomeOfAPlan(t *testing.T) {
	t.Parallel()
	c := vault.Credential{System: "web01", Account: "root"}
	for class, decided := range map[pam.Class]bool{
		pam.ErrPending: true, pam.ErrDenied: true, pam.ErrCheckedOut: true, pam.ErrConflict: true,
		pam.ErrNotFound: false, pam.ErrUnreachable: false, pam.ErrJournal: false,
	} {
		got, message, ok := verdict(c, pam.Failf(class, "because").WithHint("mend it"))
		if ok != decided || ok && (got != string(class) || message == "") {
			t.Errorf("%s: %q, %q, %v", class, got, message, ok)
		}
		if class == pam.ErrPending && strings.Contains(message, "because") {
			t.Errorf("the plan names a request that is not there: %q", message)
		}
	}
}
