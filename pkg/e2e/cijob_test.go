package e2e

import (
	"bytes"
	"maps"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/child/childtest"
	"github.com/redim-tools/redim/pkg/e2e/canary"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

const ciExamples = root + "/docs/ci-examples/"

// secretVariable is where the examples have the password that redim signs in with.
const secretVariable = "REDIM_API_SECRET"

// checkedOut is the stand-in's event of a check-out.
const checkedOut = 2002

// ciJob is a run of an example: a workspace, a server, and the log as the CI
// system would show it.
type ciJob struct {
	*testing.T
	server *redimtest.Running
	git    *httptest.Server
	dir    string
	env    map[string]string
	secret string // of secretVariable

	masks  []string // what the log hides
	mask   string   // what it shows instead
	hidden int      // how often it did
	log    bytes.Buffer
}

func newCIJob(t *testing.T, system map[string]string) *ciJob {
	t.Helper()
	for _, program := range []string{"bash", "git"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	server, err := redimtest.Start(redimtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	j := &ciJob{T: t, server: server, dir: t.TempDir(), mask: "***"}
	if err := server.WriteDir(filepath.Join(j.dir, "sim")); err != nil {
		t.Fatal(err)
	}
	reveal := func(b []byte) error { j.secret = string(b); return nil }
	if err := server.IdentityPassword(pam.Identity{Name: "svc-redim"}).Reveal(reveal); err != nil {
		t.Fatal(err)
	}
	j.masks = []string{j.secret}
	j.git = gitServer("Administrator", `c4nary-Web01-Adm/+"<&é`)
	t.Cleanup(j.git.Close)
	j.env = map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": filepath.Join(j.dir, "home"), "LANG": "C.UTF-8", "CI": "true", "GORACE": "atexit_sleep_ms=0",
		"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
	}
	maps.Copy(j.env, system)
	j.program("home/.keep", "")
	j.program("work/migrate.sh", `test -n "$DB_PASSWORD" && echo "migrating as $DB_USER with $DB_PASSWORD"`)
	j.program("work/deploy.sh", `password=$(cat) && test -n "$password" && test "$1 $2" = "web01 svc-web" && echo "deploying to $1 as $2"`)
	return j
}

// program makes a program of the workspace.
func (j *ciJob) program(name, script string) {
	j.Helper()
	path := filepath.Join(j.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		j.Fatal(err)
	}
	childtest.WriteProgram(j, path, script+"\n")
}

// settings are what a CI system's own settings say of the stand-in server.
func (j *ciJob) settings() map[string]string {
	u, err := url.Parse(j.git.URL)
	if err != nil {
		j.Fatal(err)
	}
	return map[string]string{
		"REDIM_ENDPOINT_URL": j.server.EndpointURL(), "REDIM_API_USER": "svc-redim", "REDIM_SESSION_USER": `EX\alice`, "REDIM_HELPER_USER": `EX\alice`,
		"REDIM_CA": j.path("sim/ca.pem"), "GIT_URL": j.git.URL + "/team/app.git", "GIT_HOST": u.Host,
	}
}

func (j *ciJob) path(name string) string { return filepath.Join(j.dir, name) }

// run runs a shell's script in the workspace, with more variables, and keeps what
// its log shows. It reports whether it ended well.
func (j *ciJob) run(script string, more map[string]string, shell ...string) bool {
	j.Helper()
	file := j.path("script")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		j.Fatal(err)
	}
	cmd := exec.CommandContext(j.Context(), shell[0], append(shell[1:], file)...)
	cmd.Dir = j.path("work")
	env := maps.Clone(j.env)
	maps.Copy(env, more)
	for name, text := range env {
		cmd.Env = append(cmd.Env, name+"="+text)
	}
	out, err := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		j.show(line)
	}
	return err == nil
}

// show writes one line to the log, unless it is a mask of GitHub's.
func (j *ciJob) show(line string) {
	if text, ok := strings.CutPrefix(line, "::add-mask::"); ok && j.env["GITHUB_ACTIONS"] != "" {
		text = strings.NewReplacer("%25", "%", "%0D", "\r", "%0A", "\n").Replace(strings.TrimSuffix(text, "\n"))
		j.masks = append(j.masks, text)
		return
	}
	for _, text := range j.masks {
		j.hidden += strings.Count(line, text)
		line = strings.ReplaceAll(line, text, j.mask)
	}
	j.log.WriteString(line)
}

// holds checks what is promised of a run, however it went: no secret in its log,
// everything given back, and each check-out with the job's address.
func (j *ciJob) holds(address string) {
	j.Helper()
	if found := canary.Find(j.log.Bytes()); found != "" {
		j.Errorf("the log shows a secret, encoding: %s", found)
	}
	if s := j.server.Stats().Checkouts; s.Open != 0 || s.Made == 0 || s.Made != s.CheckedIn {
		j.Errorf("%+v", s)
	}
	for _, e := range j.server.Events() {
		if e.Number == checkedOut && !strings.Contains(e.Message, address) {
			j.Errorf("a check-out does not say %s: %s", address, e.Message)
		}
	}
	if j.Failed() {
		j.Logf("the job's log:\n%s", &j.log)
	}
}

// says wants lines in the log.
func (j *ciJob) says(lines ...string) {
	j.Helper()
	for _, line := range lines {
		if !strings.Contains(j.log.String(), line) {
			j.Errorf("the log has no line %q", line)
		}
	}
}

// wellFormed checks what the scripts of every example have: the commands that it
// is to show, the last thing that everything is given back, and no name of a
// password where others could read it.
func wellFormed(t *testing.T, scripts []string) {
	t.Helper()
	all := strings.Join(scripts, "\n")
	for _, command := range []string{"redim exec ", "redim checkout ", "credential.helper=redim", "redim recover"} {
		if !strings.Contains(all, command) {
			t.Errorf("there is no %q", command)
		}
	}
	lines := strings.Split(strings.TrimSpace(all), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "redim checkin --all" {
		t.Errorf("the last line is %q", last)
	}
	if strings.Contains(all, secretVariable) {
		t.Errorf("a script names %s", secretVariable)
	}
	argument := regexp.MustCompile(`(\S+ )?"\$REDIM_PASSWORD"`)
	for _, found := range argument.FindAllString(all, -1) {
		if !slices.Contains([]string{`<<<"$REDIM_PASSWORD"`, `'%s\n' "$REDIM_PASSWORD"`, `"$REDIM_PASSWORD"`}, found) {
			t.Errorf("%s is on a command line", found)
		}
	}
}

// expand fills in the variables of a text. One that is not there fails.
func (j *ciJob) expand(text string, from map[string]string) string {
	j.Helper()
	return os.Expand(text, func(name string) string {
		value, ok := from[name]
		if !ok {
			j.Errorf("%q names %s, which nothing sets", text, name)
		}
		return value
	})
}

// brokenPrograms are the programs of the workspace that a run may find broken, and
// none.
func brokenPrograms() []string { return []string{"", "work/migrate.sh", "work/deploy.sh"} }
