package e2e

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// gitLabFile is what the example may say, and no more.
type gitLabFile struct {
	Stages    []string
	Variables map[string]string
	Deploy    struct {
		Stage        string
		Timeout      string
		BeforeScript []string `yaml:"before_script"`
		Script       []string
		AfterScript  []string `yaml:"after_script"`
	}
}

// TestTheExampleForGitLabWorks runs the example as GitLab's runner does, in both
// shells that it may find.
func TestTheExampleForGitLabWorks(t *testing.T) {
	t.Parallel()
	var file gitLabFile
	strictly(t, "gitlab-ci.yml", &file)
	job := file.Deploy
	if !slices.Contains(file.Stages, job.Stage) || job.Timeout == "" {
		t.Errorf("%+v", file)
	}
	wellFormed(t, slices.Concat(job.BeforeScript, job.Script, job.AfterScript))
	if strings.Contains(strings.Join(slices.Collect(maps.Values(file.Variables)), " "), "$"+secretVariable) {
		t.Errorf("%s is copied into another variable, which the log would not hide", secretVariable)
	}
	shells := map[string][]string{"bash": {"bash", "-eo", "pipefail"}, "sh": {"sh", "-e"}}
	for name, shell := range shells {
		for _, broken := range brokenPrograms() {
			t.Run(name+", broken: "+broken, func(t *testing.T) {
				t.Parallel()
				runOnGitLab(t, file, shell, broken)
			})
		}
	}
}

func runOnGitLab(t *testing.T, file gitLabFile, shell []string, broken string) {
	t.Helper()
	const address = "https://gitlab.example.com/ex/app/-/jobs/9"
	j := newCIJob(t, map[string]string{"GITLAB_CI": "true", "CI_JOB_URL": address, "CI_COMMIT_SHA": "0123456789abcdef", "CI_COMMIT_REF_NAME": "fix/CHG-4711"})
	j.mask = "[MASKED]"
	j.env["CI_PROJECT_DIR"], j.env[secretVariable] = j.path("work"), j.secret
	maps.Copy(j.env, j.settings())
	for name, text := range file.Variables {
		j.env[name] = j.expand(text, j.env)
	}
	if broken != "" {
		j.program(broken, "exit 7")
	}
	ok := j.run(echoed(slices.Concat(file.Deploy.BeforeScript, file.Deploy.Script)), nil, shell...)
	if ok != (broken == "") {
		t.Errorf("the job ended well: %v", ok)
	}
	if !j.run(echoed(file.Deploy.AfterScript), nil, shell...) {
		t.Error("after_script failed")
	}
	if j.holds(address); broken == "" {
		j.says("migrating as sa with [redacted]", "deploying to web01 as svc-web", "refs/heads/main")
	}
}

// echoed is a script that shows each command before it runs, as GitLab's does.
func echoed(commands []string) string {
	var script strings.Builder
	for _, command := range commands {
		script.WriteString("echo '$ " + strings.ReplaceAll(command, "'", `'\''`) + "'\n" + command + "\n")
	}
	return script.String()
}
