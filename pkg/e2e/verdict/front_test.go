package verdict_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"time"

	"github.com/redim-tools/redim/pkg/api"
	"github.com/redim-tools/redim/pkg/auth"
	"github.com/redim-tools/redim/pkg/e2e/verdict"
	"github.com/redim-tools/redim/pkg/metrics"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// front is a way to the vault.
type front interface {
	logIn(from netip.Addr, name string, credential secret.Value) (secret.Value, verdict.Answer)
	ticket(from netip.Addr, principal string) (secret.Value, verdict.Answer)
	logOut(from netip.Addr, token secret.Value)
	call(from netip.Addr, token secret.Value) verdict.Answer
	checkOut(from netip.Addr, token secret.Value, system, account string, ask time.Duration) released
	// shows is what of an expected outcome can be seen through this front.
	shows(o verdict.Outcome) verdict.Outcome
}

// released is what came of a check-out.
type released struct {
	answer verdict.Answer
	hold   time.Duration
	secret string
}

// tickets takes a token for the principal that it says.
type tickets struct{}

type principal string

func (p principal) String() string { return string(p) }

func (tickets) Accept(_ context.Context, token []byte) (principal, []byte, error) {
	return principal(token), nil, nil
}

func kerberos() *auth.Kerberos {
	return auth.NewKerberos(tickets{}, auth.Realms{{Name: "EX.LOCAL", Domain: "EX"}})
}

func decided(err error) verdict.Answer {
	switch {
	case err == nil:
		return verdict.Taken
	case errors.Is(err, pam.ErrDenied):
		return verdict.Denied
	case errors.Is(err, pam.ErrConflict):
		return verdict.Over
	}
	return verdict.Answer(err.Error())
}

// inside speaks to the service and the engine themselves.
type inside struct{ *world }

func (f inside) shows(o verdict.Outcome) verdict.Outcome { return o }

func answerOf(err error) verdict.Answer {
	switch {
	case err == nil:
		return verdict.In
	case errors.Is(err, pam.ErrSignInRefused), errors.Is(err, pam.ErrTokenRefused):
		return verdict.Refused
	case errors.Is(err, pam.ErrDenied):
		return verdict.Denied
	}
	return verdict.Answer(err.Error())
}

func (f inside) logIn(from netip.Addr, name string, credential secret.Value) (secret.Value, verdict.Answer) {
	got, err := f.LogIn(f.Context(), vault.Door{From: from}, name, credential)
	return got.Token, answerOf(err)
}

func (f inside) ticket(from netip.Addr, text string) (secret.Value, verdict.Answer) {
	proven, err := kerberos().Prove(f.Context(), []byte(text))
	if err != nil {
		return secret.Value{}, answerOf(err)
	}
	got, err := f.LogInPrincipal(f.Context(), vault.Door{From: from}, proven.Principal, proven.Also...)
	return got.Token, answerOf(err)
}

func (f inside) logOut(from netip.Addr, token secret.Value) {
	f.check(f.LogOut(f.Context(), vault.Door{From: from}, token))
}

func (f inside) call(from netip.Addr, token secret.Value) verdict.Answer {
	_, err := f.Authenticate(f.Context(), vault.Door{From: from}, token)
	return answerOf(err)
}

func (f inside) checkOut(from netip.Addr, token secret.Value, system, account string, ask time.Duration) released {
	d := vault.Door{From: from}
	i, err := f.Authenticate(f.Context(), d, token)
	f.check(err)
	got, err := f.checkOutAs(d.Actor(i), system, account, ask)
	switch {
	case err == nil:
		got.answer = verdict.Released
	case errors.Is(err, pam.ErrDenied), errors.Is(err, pam.ErrNotFound): // that there is none is hidden further out
		got = released{answer: verdict.Denied}
	case errors.Is(err, pam.ErrPending):
		got = released{answer: verdict.Pending}
	case errors.Is(err, pam.ErrCheckedOut):
		got = released{answer: verdict.Held}
	case errors.Is(err, pam.ErrConflict):
		got = released{answer: verdict.HeldItself}
	default:
		got = released{answer: verdict.Answer(err.Error())}
	}
	return got
}

// outside speaks HTTP to the Integration API.
type outside struct {
	*world
	api  http.Handler
	from netip.Addr // of the call that is made
}

func newOutside(w *world) *outside {
	f := &outside{world: w}
	k := kerberos()
	f.api = api.New(api.Options{
		Vault: w.Service, Clock: w.clock, Log: slog.New(slog.DiscardHandler), Metrics: &metrics.Registry{},
		Source: func(*http.Request) (netip.Addr, error) { return f.from, nil },
		Negotiate: func(ctx context.Context, d vault.Door, token []byte) (vault.Admission, []byte, error) {
			proven, err := k.Prove(ctx, token)
			if err != nil {
				return vault.Admission{}, nil, err
			}
			got, err := w.LogInPrincipal(ctx, d, proven.Principal, proven.Also...)
			return got, proven.Reply, err
		},
	})
	return f
}

// shows: nobody is told whether he is refused or denied.
func (f *outside) shows(o verdict.Outcome) verdict.Outcome {
	if o.LogIn == verdict.Denied {
		o.LogIn = verdict.Refused
	}
	return o
}

type answer struct {
	Code    string    `json:"code"`
	Token   string    `json:"token"`
	Secret  string    `json:"secret"`
	At      time.Time `json:"checked_out_at"`
	Expires time.Time `json:"expires_at"`
}

func (f *outside) send(from netip.Addr, method, path, authorization string, body any) (int, answer) {
	f.from = from
	var text []byte
	if body != nil {
		text, _ = json.Marshal(body)
	}
	r := httptest.NewRequestWithContext(f.Context(), method, path, bytes.NewReader(text))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	out := httptest.NewRecorder()
	f.api.ServeHTTP(out, r)
	var a answer
	if out.Body.Len() > 0 {
		f.check(json.Unmarshal(out.Body.Bytes(), &a))
	}
	return out.Code, a
}

func (f *outside) admitted(status int, a answer) (secret.Value, verdict.Answer) {
	switch {
	case status == http.StatusOK:
		return secret.FromString(a.Token), verdict.In
	case a.Code == "forbidden":
		return secret.Value{}, verdict.Refused
	}
	return secret.Value{}, verdict.Answer(a.Code)
}

func (f *outside) logIn(from netip.Addr, name string, credential secret.Value) (secret.Value, verdict.Answer) {
	return f.admitted(f.send(from, http.MethodPost, "/v1/login", "", map[string]string{"name": name, "credential": reveal(credential)}))
}

func (f *outside) ticket(from netip.Addr, text string) (secret.Value, verdict.Answer) {
	return f.admitted(f.send(from, http.MethodPost, "/v1/login", "Negotiate "+base64.StdEncoding.EncodeToString([]byte(text)), nil))
}

func bearer(token secret.Value) string { return "Bearer " + reveal(token) }

func (f *outside) logOut(from netip.Addr, token secret.Value) {
	if status, a := f.send(from, http.MethodPost, "/v1/logout", bearer(token), nil); status != http.StatusNoContent {
		f.Errorf("%s: logged out: %d %s", f.name, status, a.Code)
	}
}

func (f *outside) call(from netip.Addr, token secret.Value) verdict.Answer {
	status, a := f.send(from, http.MethodGet, "/v1/checkouts", bearer(token), nil)
	switch {
	case status == http.StatusOK:
		return verdict.In
	case a.Code == "unauthenticated":
		return verdict.Refused
	}
	return verdict.Answer(a.Code)
}

func (f *outside) checkOut(from netip.Addr, token secret.Value, system, account string, ask time.Duration) released {
	body := map[string]any{"system": system, "account": account}
	if ask > 0 {
		body["hours"] = ask.Hours()
	}
	status, a := f.send(from, http.MethodPost, "/v1/checkouts", bearer(token), body)
	known := map[string]verdict.Answer{"forbidden": verdict.Denied, "checked_out": verdict.Held, "conflict": verdict.HeldItself}
	switch {
	case status == http.StatusCreated:
		return released{verdict.Released, a.Expires.Sub(a.At), a.Secret}
	case status == http.StatusAccepted:
		return released{answer: verdict.Pending}
	case known[a.Code] != "":
		return released{answer: known[a.Code]}
	}
	return released{answer: verdict.Answer(a.Code)}
}
