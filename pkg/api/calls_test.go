package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/vault"
)

func TestAnApplicationChecksOutAndIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/backup", "")
	w.credential("db01/backup", "")
	c := w.signIn()
	list := c.get("/v1/credentials").want(http.StatusOK, "")
	if list.items("system") != "web01" || strings.Contains(string(list.body), "c4nary") {
		t.Errorf("%s", list.body)
	}
	out := c.post("/v1/checkouts", map[string]any{"system": "WEB01", "account": "backup", "hours": 0.5, "reason": "run 7", "comment": "as agreed", "ticket": "CHG-1"}).want(http.StatusCreated, "")
	if out.text("secret") != canary+" of web01/backup" || out.text("encoding") != "utf-8" || out.text("reason") != "backups; run 7" || out.text("comment") != "by contract; as agreed" ||
		out.text("ticket") != "CHG-1" || out.text("system") != "web01" || out.text("expires_at") != "2026-03-01T12:30:00Z" || out.header.Get("Location") != "/v1/checkouts/"+out.text("id") {
		t.Errorf("%s", out.body)
	}
	c.post("/v1/checkouts", map[string]any{"system": "web01", "account": "backup"}).want(http.StatusConflict, "conflict")
	id := out.text("id")
	one := c.get("/v1/checkouts/"+id).want(http.StatusOK, "")
	if one.text("state") != "open" || strings.Contains(string(one.body), "c4nary") {
		t.Errorf("%s", one.body)
	}
	longer := c.post("/v1/checkouts/"+id+"/extend", map[string]any{"hours": 1.5}).want(http.StatusOK, "")
	again := c.post("/v1/checkouts/"+id+"/extend", map[string]any{"hours": 1.5}).want(http.StatusOK, "")
	if longer.text("expires_at") != "2026-03-01T13:30:00Z" || again.text("expires_at") != "2026-03-01T13:30:00Z" {
		t.Errorf("%s %s", longer.body, again.body)
	}
	c.post("/v1/checkouts/"+id+"/extend", map[string]any{"hours": 1}).want(http.StatusBadRequest, "invalid_request")
	c.post("/v1/checkouts/"+id+"/extend", map[string]any{"hours": 2.5}).want(http.StatusForbidden, "forbidden")
	w.pass(time.Minute)
	for range 2 {
		back := c.post("/v1/checkouts/"+id+"/checkin", nil).want(http.StatusOK, "")
		if back.text("state") != "returned" || back.text("ended_at") != "2026-03-01T12:01:00Z" {
			t.Errorf("%s", back.body)
		}
	}
	c.post("/v1/checkouts/"+id+"/extend", map[string]any{"hours": 2}).want(http.StatusConflict, "conflict")
	if open, all := c.get("/v1/checkouts").items("id"), c.get("/v1/checkouts?state=all").items("id"); open != "" || all != id {
		t.Errorf("open %q, all %q", open, all)
	}
	c.post("/v1/logout", nil).want(http.StatusNoContent, "")
	c.get("/v1/checkouts").want(http.StatusUnauthorized, "unauthenticated")
	c.post("/v1/logout", nil).want(http.StatusUnauthorized, "unauthenticated")
}

func TestListsComeInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy(vault.PolicyEdit{Name: new("several"), Exclusive: new(false)})
	for _, ref := range []string{"web01/a", "web01/b", "web02/a", "db01/a"} {
		w.credential(ref, "several")
	}
	c := w.signIn()
	for query, want := range map[string]string{
		"": "a b a", "system=web01": "a b", "system=WEB0*&account=a": "a a", "account=b": "b", "system=web": "", "system=db01": "", "system=web01&account=a": "a",
	} {
		got := ""
		for cursor := ""; ; {
			page := c.get("/v1/credentials?limit=1&cursor="+cursor+"&"+query).want(http.StatusOK, "")
			got = strings.TrimSpace(got + " " + page.items("account"))
			if cursor = page.text("next"); cursor == "" {
				break
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
	for range 3 {
		c.post("/v1/checkouts", map[string]any{"system": "web01", "account": "a"}).want(http.StatusCreated, "")
	}
	first := c.get("/v1/checkouts?limit=2").want(http.StatusOK, "")
	rest := c.get("/v1/checkouts?limit=2&cursor="+first.text("next")).want(http.StatusOK, "")
	if len(strings.Fields(first.items("id"))) != 2 || len(strings.Fields(rest.items("id"))) != 1 || rest.text("next") != "" {
		t.Errorf("%s %s", first.body, rest.body)
	}
	c.get("/v1/credentials?cursor="+first.text("next")).want(http.StatusBadRequest, "invalid_request")
}
