package e2e

import (
	"bytes"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// gitHubWorkflow is what the example may say, and no more.
type gitHubWorkflow struct {
	Name        string
	On          map[string]any
	Permissions map[string]string
	Defaults    struct{ Run struct{ Shell string } }
	Jobs        map[string]struct {
		RunsOn         string `yaml:"runs-on"`
		TimeoutMinutes int    `yaml:"timeout-minutes"`
		Env            map[string]string
		Steps          []gitHubStep
	}
}

type gitHubStep struct {
	Name string
	If   string
	Uses string
	With map[string]string
	Env  map[string]string
	Run  string
}

// strictly reads a YAML document into a shape that knows all of it.
func strictly(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(ciExamples + name)
	if err != nil {
		t.Fatal(err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// TestTheExampleForGitHubWorks runs the steps of the example as GitHub's runner
// does, once as it should go and once for each program that fails half-way.
func TestTheExampleForGitHubWorks(t *testing.T) {
	t.Parallel()
	var flow gitHubWorkflow
	strictly(t, "github-actions.yml", &flow)
	job := flow.Jobs["migrate"]
	if len(flow.Jobs) != 1 || job.RunsOn == "" || job.TimeoutMinutes == 0 || flow.Defaults.Run.Shell != "bash" || flow.Permissions["contents"] != "read" {
		t.Errorf("%+v", flow)
	}
	var scripts []string
	for _, s := range job.Steps {
		scripts = append(scripts, s.Run)
		if (s.Run == "") == (s.Uses == "") || s.Uses != "" && s.Uses != "actions/checkout@v4" || s.If != "" && s.If != "always()" {
			t.Errorf("%+v", s)
		}
		if calls := regexp.MustCompile(`redim (exec|checkout|checkin|recover)|helper=redim`).MatchString(s.Run); calls != (s.Env[secretVariable] != "") {
			t.Errorf("%s: the password is where it is not needed, or the other way round", s.Name)
		}
	}
	wellFormed(t, scripts)
	for _, broken := range brokenPrograms() {
		t.Run("broken: "+broken, func(t *testing.T) {
			t.Parallel()
			runOnGitHub(t, job.Env, job.Steps, broken)
		})
	}
}

func runOnGitHub(t *testing.T, env map[string]string, steps []gitHubStep, broken string) {
	t.Helper()
	const address = "https://github.example.com/ex/app/actions/runs/17"
	g := &gitHubRun{ciJob: newCIJob(t, map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.example.com", "GITHUB_REPOSITORY": "ex/app", "GITHUB_RUN_ID": "17",
		"GITHUB_SHA": "0123456789abcdef", "GITHUB_REF_NAME": "fix/CHG-4711",
	})}
	g.env["RUNNER_TEMP"], g.env["GITHUB_ENV"] = g.path("home"), g.path("github-env")
	ca, err := os.ReadFile(g.path("sim/ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	g.vars = g.settings()
	g.vars["REDIM_CA"] = string(ca)
	// A program that writes what it was given: GitHub's log is to hide it.
	g.program("work/deploy.sh", `read -r password && echo "deploying to $1 as $2 with $password"`)
	if broken != "" {
		g.program(broken, "exit 7")
	}
	maps.Copy(g.env, g.expressions(env))
	ok := true
	for _, s := range steps {
		if s.Run != "" && (ok || s.If == "always()") {
			ok = g.step(s) && ok
		}
	}
	if ok != (broken == "") {
		t.Errorf("the job ended well: %v", ok)
	}
	if g.holds(address); broken == "" {
		g.says("migrating as sa with [redacted]", "deploying to web01 as svc-web with ***", "refs/heads/main")
		if g.hidden == 0 || len(g.masks) < 2 {
			t.Error("no mask did anything")
		}
	}
}

type gitHubRun struct {
	*ciJob
	vars map[string]string
}

// step runs one step, and takes what it leaves for the later ones.
func (g *gitHubRun) step(s gitHubStep) bool {
	g.Helper()
	ok := g.run(s.Run, g.expressions(s.Env), "bash", "--noprofile", "--norc", "-eo", "pipefail")
	left, err := os.ReadFile(g.env["GITHUB_ENV"])
	if err != nil && !os.IsNotExist(err) {
		g.Fatal(err)
	}
	_ = os.Remove(g.env["GITHUB_ENV"])
	g.take(string(left))
	return ok
}

// take reads variables in the two forms of GITHUB_ENV.
func (g *gitHubRun) take(text string) {
	g.Helper()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		name, end, long := strings.Cut(lines[i], "<<")
		if !long {
			name, value, ok := strings.Cut(lines[i], "=")
			if !ok && lines[i] != "" {
				g.Errorf("GITHUB_ENV has a line %d that is no variable", i)
			}
			g.env[name] = value
			continue
		}
		var value []string
		for i++; i < len(lines) && lines[i] != end; i++ {
			value = append(value, lines[i])
		}
		g.env[name] = strings.Join(value, "\n")
	}
	delete(g.env, "")
}

// expressions fills in ${{ vars.X }} and ${{ secrets.X }}.
func (g *gitHubRun) expressions(env map[string]string) map[string]string {
	g.Helper()
	pattern := regexp.MustCompile(`\$\{\{ (vars|secrets)\.(\w+) \}\}`)
	out := map[string]string{}
	for name, text := range env {
		out[name] = pattern.ReplaceAllStringFunc(text, func(found string) string {
			part := pattern.FindStringSubmatch(found)
			value, ok := g.vars[part[2]]
			if part[1] == "secrets" {
				value, ok = g.secret, part[2] == secretVariable
			}
			if !ok {
				g.Errorf("%s: nothing sets %s", name, found)
			}
			return value
		})
		if strings.Contains(out[name], "${{") {
			g.Errorf("%s: %s is not understood", name, text)
		}
	}
	return out
}
