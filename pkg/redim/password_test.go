package redim_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim"
	"github.com/redim-tools/redim/pkg/secret"
)

// What the place of the password says is no answer of the service: "not found"
// there does not mean that the user has nothing.
func TestAPasswordThatCanNotBeHadIsAMatterOfTheSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		value string
		err   error
		class pam.Class
		hint  string
	}{
		"no such entry": {err: pam.Failf(pam.ErrNotFound, "no entry").WithHint("store it"), class: pam.ErrUsage, hint: "store it"},
		"not permitted": {err: pam.Failf(pam.ErrDenied, "closed").WithHint("open it"), class: pam.ErrUsage, hint: "open it"},
		"out of order":  {err: pam.Failf(pam.ErrOther, "no keyring").WithHint("start it"), class: pam.ErrOther, hint: "start it"},
		"interrupted":   {err: pam.Failf(pam.ErrInterrupted, "enough").WithHint("go on"), class: pam.ErrInterrupted, hint: "go on"},
		"empty":         {class: pam.ErrUsage, hint: "source"},
		"not UTF-8":     {value: "c4nary\xff", class: pam.ErrUsage, hint: "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := redim.New(redim.Config{ServiceURL: "https://127.0.0.1:1/App/AuthService.svc", APIUser: "api", HTTP: &http.Client{},
				APIPassword: func(context.Context) (secret.Value, error) { return secret.FromString(tt.value), tt.err }})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Stored(t.Context(), alice(), "web01")
			wantFailure(t, err, tt.class, tt.hint, false)
			if errors.Is(err, pam.ErrNotFound) || errors.Is(err, pam.ErrDenied) {
				t.Errorf("%v is taken for an answer", err)
			}
		})
	}
}
