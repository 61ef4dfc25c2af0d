package client

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/redim-tools/redim/pkg/pam"
)

// document is a problem as the server tells it.
type document struct {
	Code   string `json:"code"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	ID     string `json:"request_id"`
}

// problem is the failure that a problem document tells. The words are the
// server's; what they mean for a program is in the code alone.
func (c *Client) problem(a ask, res *http.Response, text []byte) error {
	var d document
	if err := json.Unmarshal(text, &d); err != nil || d.Code == "" {
		return c.noAnswer(a, res, "is a problem document without a code")
	}
	class, hint := meaning(d.Code)
	if d.Code == "forbidden" && a.path == loginPath {
		class, hint = pam.ErrSignInRefused, "look at the settings integration and credential, and whether this address is allowed; the vault's log says what was wrong"
	}
	words := d.Title
	if d.Detail != "" {
		words = d.Detail
	}
	if err := pam.CheckText("problem", words); err != nil {
		words = "a problem that can't be shown"
	}
	f := pam.Failf(class, "%s: %s%s", c.Server.Host, words, inLog(d.ID)).WithHint("%s", hint)
	if d.Code == "outcome_unknown" {
		return f.Uncertain()
	}
	return f
}

// inLog names the line of the server's log.
func inLog(id string) string {
	if id == "" || pam.CheckText("request id", id) != nil {
		return ""
	}
	return fmt.Sprintf(" (request %s)", id)
}

// meaning is the class of a code, and what to do about it.
func meaning(code string) (pam.Class, string) {
	switch code {
	case "malformed_request", "invalid_request", "too_large", "headers_too_large", "unsupported_media_type":
		return pam.ErrUsage, "mend what it names"
	case "unauthenticated":
		return pam.ErrTokenRefused, "sign in again; or look whether the integration was changed or deactivated"
	case "forbidden":
		return pam.ErrDenied, "ask an administrator of the vault, whose log says why, under the id of this request"
	case "not_found":
		return pam.ErrNotFound, "list what is yours with: checkouts, or requests list"
	case "conflict", "idempotency_mismatch":
		return pam.ErrConflict, "look at what is open with: checkouts"
	case "checked_out":
		return pam.ErrCheckedOut, "try again later"
	case "too_many_attempts":
		return pam.ErrUnreachable, "wait before the next attempt; each wrong one makes the wait longer"
	case "audit_unavailable":
		return pam.ErrJournal, "the vault can't write its record of events; its administrator has to make room"
	case "source_refused":
		return pam.ErrDenied, "ask an administrator of the vault, whose log says why, under the id of this request"
	case "store_unavailable", "source_unavailable", "stopping", "busy", "outcome_unknown", "too_slow":
		return pam.ErrUnreachable, "try again in a moment"
	case "no_such_call", "method_not_allowed":
		return pam.ErrProtocol, "the server is older or newer than this program, or no vault"
	}
	return pam.ErrOther, "its administrator finds the cause in its log, under the id of this request"
}
