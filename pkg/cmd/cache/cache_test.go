package cache_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestListShowsWhoseTokensAreCached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	has(t, w.ok("cache", "list").err, "no cached tokens")
	w.signIn(`EX\alice`, "web01")
	w.later = time.Minute
	lines := strings.Split(strings.TrimSpace(w.ok("cache", "list").out), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	for i, identity := range []string{`EX\alice`, "svc-redim"} {
		cells := strings.Split(lines[i], "\t")
		if len(cells) != 5 || cells[0] != "default" || cells[1] != identity || cells[4] != "live" {
			t.Errorf("line %d is %q", i+1, lines[i])
		}
		if age, err := time.ParseDuration(cells[2]); err != nil || age < time.Minute || age > 2*time.Minute {
			t.Errorf("age is %s, %v", cells[2], err)
		}
		if ends, err := time.Parse(time.RFC3339, cells[3]); err != nil || !strings.HasSuffix(cells[3], "Z") || time.Until(ends) > time.Hour {
			t.Errorf("expires is %s, %v", cells[3], err)
		}
	}
	w.later = 24 * time.Hour
	has(t, w.ok("cache", "list").out, "\texpired\n")
}

func TestListInJSONPinsItsFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	same(t, "an empty list", w.ok("cache", "list", "-o", "json").out, `{"schema":1,"items":[],"next":""}`+"\n")
	w.signIn("bob", "web02")
	var doc struct {
		Items []map[string]any `json:"items"`
	}
	if err := json.Unmarshal([]byte(w.ok("cache", "list", "-o", "json").out), &doc); err != nil {
		t.Fatal(err)
	}
	for _, item := range doc.Items {
		fields := slices.Sorted(maps.Keys(item))
		same(t, "the fields", strings.Join(fields, " "), "age_seconds expired expires identity profile stored")
	}
}

func TestClearRemovesEverythingOrWhatIsNamed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args []string
		left string
		says string
	}{
		"all":             {nil, "", "removed 4 tokens"},
		"a user":          {[]string{"--user", `ex\ALICE`}, `svc-redim bob svc-redim`, "removed 1 token"},
		"exactly":         {[]string{"--user", `alice`}, `EX\alice svc-redim bob svc-redim`, "removed 0 tokens"},
		"a profile":       {[]string{"--profile", "lab"}, `EX\alice svc-redim`, "removed 2 tokens"},
		"both":            {[]string{"--profile", "lab", "--user", "svc-redim"}, `EX\alice svc-redim bob`, "removed 1 token"},
		"none is expired": {[]string{"--expired"}, `EX\alice svc-redim bob svc-redim`, "removed 0 tokens"},
		"a dry run":       {[]string{"--dry-run"}, `EX\alice svc-redim bob svc-redim`, "would remove 4 tokens"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.addProfile("lab", "Other")
			w.signIn(`EX\alice`, "web01")
			w.signIn("bob", "web02", "--profile", "lab")
			same(t, "the cache before", w.whose(), `EX\alice svc-redim bob svc-redim`)
			has(t, w.ok(append([]string{"cache", "clear"}, tt.args...)...).err, tt.says+"\n")
			same(t, "the cache", w.whose(), tt.left)
		})
	}
}

func TestClearExpiredLeavesTheLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn("bob", "web02")
	w.later = 24 * time.Hour
	w.server.Advance(w.later)
	w.signIn(`EX\alice`, "web01")
	same(t, "the cache", w.whose(), `bob EX\alice svc-redim`)
	r := w.ok("cache", "clear", "--expired", "-o", "json")
	has(t, r.out, `"identity":"bob"`, `"expired":true,"logged_out":false}`)
	same(t, "the cache", w.whose(), `EX\alice svc-redim`)
}

func TestClearedIdentitiesSignInAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn("bob", "web02")
	w.signIn("bob", "web02")
	if n := w.server.Stats().Logins.Impersonated; n != 1 {
		t.Fatalf("%d log-ins before", n)
	}
	w.ok("cache", "clear", "--user", "bob")
	w.signIn("bob", "web02")
	if s := w.server.Stats().Logins; s.Impersonated != 2 || s.Delegation != 1 {
		t.Errorf("log-ins after: %+v", s)
	}
}

func TestClearLogsOutUpstream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn(`EX\alice`, "web01")
	w.wants(0, "cache", "clear", "--logout", "--dry-run")
	if n := w.server.Stats().Operations["DoLogout"]; n != 0 {
		t.Errorf("a dry run logged out %d times", n)
	}
	r := w.ok("cache", "clear", "--logout", "-o", "json")
	has(t, r.out, `"logged_out":true`)
	has(t, r.err, "removed 2 tokens; 2 of them logged out")
	if n := w.server.Stats().Operations["DoLogout"]; n != 2 {
		t.Errorf("%d log-outs", n)
	}
	has(t, w.ok("cache", "clear", "--logout").err, "removed 0 tokens; 0 of them logged out")
}

func TestClearTellsWhatCouldNotBeLoggedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn(`EX\alice`, "web01")
	if err := w.server.Close(); err != nil {
		t.Fatal(err)
	}
	r := w.wants(103, "cache", "clear", "--logout")
	has(t, r.err, `EX\alice of profile default is not logged out: `, "2 tokens could not be logged out; they are removed here")
	same(t, "the cache", w.ok("cache", "list").out, "")
}

func TestClearTellsTokensOfSettingsThatAreGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.settings()
	w.addProfile("lab", "Other")
	w.signIn(`EX\alice`, "web01", "--profile", "lab")
	w.ok("config", "set", "endpoint_url", "https://127.0.0.1:1/x.svc", "--profile", "lab")
	has(t, w.wants(103, "cache", "clear", "--logout").err, `EX\alice of profile lab is not logged out: it was made under settings that are not there any more`)
	w.signIn(`EX\alice`, "web01")
	w.holds(before[:strings.LastIndex(before, "default")] + "other" + before[strings.LastIndex(before, "default")+len("default"):])
	has(t, w.wants(103, "cache", "clear", "--logout").err, `EX\alice of profile default is not logged out`)
	same(t, "the cache", w.ok("cache", "list").out, "")
	if n := w.server.Stats().Operations["DoLogout"]; n != 0 {
		t.Errorf("%d log-outs", n)
	}
}

func TestClearWorksWithoutSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn("bob", "web02")
	if err := os.Remove(w.env["REDIM_CONFIG"]); err != nil {
		t.Fatal(err)
	}
	has(t, w.ok("cache", "clear", "--dry-run").err, "would remove 2 tokens")
	has(t, w.ok("cache", "clear", "--profile", "gone").err, "removed 0 tokens")
	w.holds("profiles:\n  default:\n    tiemout: 3s\n")
	has(t, w.ok("cache", "clear").err, "warning: the settings are passed over", "unknown key", "removed 2 tokens")
}

func TestClearRefusesAUserThatCantBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	has(t, w.wants(2, "cache", "clear", "--user", `EX\`).err, "has a domain but no name")
	has(t, w.wants(2, "cache", "clear", "everything").err, "takes no argument")
}

func TestUnreadableFilesAreToldAndCleared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn("bob", "web02")
	files, _ := filepath.Glob(filepath.Join(w.home, ".cache", "redim", "tokens", "*.token"))
	if len(files) != 2 {
		t.Fatalf("files are %q", files)
	}
	if err := os.Truncate(files[0], 20); err != nil {
		t.Fatal(err)
	}
	has(t, w.ok("cache", "list").err, "1 file can't be read with this key")
	has(t, w.ok("cache", "clear", "--dry-run").err, "would remove 1 token and 1 file that can't be read")
	has(t, w.ok("cache", "status").out, "unreadable_files\t1\n")
	has(t, w.ok("cache", "clear").err, "removed 1 token and 1 file that can't be read")
	if left, _ := filepath.Glob(filepath.Join(w.home, ".cache", "redim", "tokens", "*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestStatusTellsWhereTheCacheAndItsKeyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	has(t, w.ok("cache", "status").out, "directory\t"+filepath.Join(w.home, ".cache", "redim")+"\n", "live_tokens\t0\n", "key\tfile\n", "key_made\tfalse\n")
	w.signIn("bob", "web02")
	var doc map[string]any
	if err := json.Unmarshal([]byte(w.ok("cache", "status", "-o", "json").out), &doc); err != nil {
		t.Fatal(err)
	}
	same(t, "the fields", strings.Join(slices.Sorted(maps.Keys(doc)), " "), "bytes dir expired key live schema unreadable")
	key, ok := doc["key"].(map[string]any)
	if !ok {
		t.Fatalf("status is %v", doc)
	}
	same(t, "the fields of the key", strings.Join(slices.Sorted(maps.Keys(key)), " "), "made opened path source")
	if doc["live"] != 2.0 || key["made"] != true || key["path"] != filepath.Join(w.home, ".local", "state", "redim", "key") {
		t.Errorf("status is %v", doc)
	}
}

func TestStatusFailsWhenTheKeyIsOpenToOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn("bob", "web02")
	if err := os.Chmod(filepath.Join(w.home, ".local", "state", "redim", "key"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := w.run("cache", "status")
	if r.code == 0 {
		t.Errorf("code 0")
	}
	has(t, r.out, "key_problem\t")
	has(t, r.err, "chmod 600")
}

func TestStatusFailsWhenTokensCantBeKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["REDIM_CACHE_DIR"] = filepath.Join(w.env["REDIM_CONFIG"], "below-a-file")
	r := w.wants(1, "cache", "status", "-o", "json")
	has(t, r.out, `"problem":"`)
	has(t, r.err, `"class":"other"`)
	delete(w.env, "REDIM_CACHE_DIR")
	delete(w.env, "HOME")
	has(t, w.wants(1, "cache", "status").err, "there is no state directory", "set HOME")
}
