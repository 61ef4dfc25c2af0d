package e2e

import (
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/e2e/jenkinsfile"
)

// TestTheExampleForJenkinsWorks runs the example as Jenkins does: sh with -x, which
// shows each command with its variables filled in.
func TestTheExampleForJenkinsWorks(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(ciExamples + "Jenkinsfile")
	if err != nil {
		t.Fatal(err)
	}
	p, err := jenkinsfile.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if p.Agent != "any" || !strings.Contains(strings.Join(p.Options, " "), "timeout") || len(p.Stages) != 3 {
		t.Errorf("%+v", p)
	}
	var scripts []string
	for _, stage := range append(p.Stages, jenkinsfile.Stage{Name: "post", Steps: p.Always}) {
		for _, s := range stage.Steps {
			scripts = append(scripts, s.Script)
			if s.Secrets[secretVariable] != "redim-api-secret" || len(s.Secrets) != 1 {
				t.Errorf("%s has %v", stage.Name, s.Secrets)
			}
		}
	}
	wellFormed(t, scripts)
	for _, broken := range brokenPrograms() {
		t.Run("broken: "+broken, func(t *testing.T) {
			t.Parallel()
			runOnJenkins(t, p, broken)
		})
	}
}

func runOnJenkins(t *testing.T, p jenkinsfile.Pipeline, broken string) {
	t.Helper()
	const address = "https://jenkins.example.com/job/app/17/"
	j := newCIJob(t, map[string]string{"JENKINS_URL": "https://jenkins.example.com/", "BUILD_URL": address, "GIT_COMMIT": "0123456789abcdef", "GIT_BRANCH": "origin/CHG-4711"})
	j.mask = "****"
	settings := j.settings()
	j.env["WORKSPACE_TMP"] = j.path("home/work@tmp")
	for _, name := range []string{"REDIM_ENDPOINT_URL", "REDIM_API_USER", "REDIM_HELPER_USER", "GIT_URL"} {
		j.env[name] = settings[name]
	}
	j.env["REDIM_TLS_CA_FILE"], j.env["REDIM_HELPER_CREDENTIALS"] = settings["REDIM_CA"], settings["GIT_HOST"]+"=web01/Administrator"
	for name, value := range p.Environment {
		j.env[name] = j.expand(strings.ReplaceAll(value, "${env.", "${"), j.env)
	}
	if broken != "" {
		j.program(broken, "exit 7")
	}
	ok := true
	for _, stage := range p.Stages {
		ok = ok && j.steps(stage.Steps)
	}
	if ok != (broken == "") {
		t.Errorf("the job ended well: %v", ok)
	}
	if !j.steps(p.Always) {
		t.Error("the end failed")
	}
	if left, err := os.ReadDir(j.env["WORKSPACE_TMP"]); err == nil && len(left) > 1 {
		t.Errorf("%v are left", left)
	}
	if j.holds(address); broken == "" {
		j.says("migrating as sa with [redacted]", "deploying to web01 as svc-web", "refs/heads/main", "+ redim checkin --all")
	}
}

func (j *ciJob) steps(steps []jenkinsfile.Step) bool {
	j.Helper()
	for _, s := range steps {
		bound := maps.Clone(s.Secrets)
		for name := range bound {
			bound[name] = j.secret
		}
		if !j.run(s.Script, bound, "sh", "-xe") {
			return false
		}
	}
	return true
}
