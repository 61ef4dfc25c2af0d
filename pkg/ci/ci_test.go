package ci_test

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/ci"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/secret"
)

func TestJobsAreFoundInTheEnvironment(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		env     map[string]string
		comment string
		ticket  string
	}{
		"GitHub": {map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "ex/app", "GITHUB_RUN_ID": "17", "GITHUB_SHA": "0123456789abcdef", "GITHUB_REF_NAME": "17/merge", "GITHUB_HEAD_REF": "fix_CHG-4711-disk"},
			"GitHub Actions https://github.com/ex/app/actions/runs/17 commit 0123456789ab", "CHG-4711"},
		"GitLab": {map[string]string{"GITLAB_CI": "true", "CI_JOB_URL": "https://gitlab.example.com/ex/app/-/jobs/9", "CI_COMMIT_SHA": "abc", "CI_MERGE_REQUEST_TITLE": "Draft: INC0012345 more room"},
			"GitLab CI https://gitlab.example.com/ex/app/-/jobs/9 commit abc", "INC0012345"},
		"Azure": {map[string]string{"TF_BUILD": "True", "SYSTEM_COLLECTIONURI": "https://dev.azure.com/ex/", "SYSTEM_TEAMPROJECT": "my app", "BUILD_BUILDID": "3", "BUILD_SOURCEBRANCH": "refs/heads/main"},
			"Azure Pipelines https://dev.azure.com/ex/my%20app/_build/results?buildId=3", ""},
		"Jenkins":   {map[string]string{"JENKINS_URL": "https://ci.example.com/", "BUILD_URL": "https://ci.example.com/job/x/1/", "GIT_BRANCH": "origin/OPS-1"}, "Jenkins https://ci.example.com/job/x/1/", "OPS-1"},
		"CircleCI":  {map[string]string{"CIRCLECI": "true", "CIRCLE_BUILD_URL": "https://circleci.com/gh/ex/app/1"}, "CircleCI https://circleci.com/gh/ex/app/1", ""},
		"Bitbucket": {map[string]string{"BITBUCKET_BUILD_NUMBER": "5", "BITBUCKET_GIT_HTTP_ORIGIN": "https://bitbucket.org/ex/app"}, "Bitbucket Pipelines https://bitbucket.org/ex/app/pipelines/results/5", ""},
		"Buildkite": {map[string]string{"BUILDKITE": "true", "BUILDKITE_BUILD_URL": "https://buildkite.com/ex/app/builds/1"}, "Buildkite https://buildkite.com/ex/app/builds/1", ""},
		"what is not told or makes no sense is left out": {map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_SHA": "a\nb"}, "GitHub Actions", ""},
	}
	pattern := regexp.MustCompile(config.DefaultTicket)
	for name, tt := range tests {
		j, ok := ci.Detect(func(name string) string { return tt.env[name] })
		if !ok || j.Comment() != tt.comment || j.Ticket(pattern) != tt.ticket {
			t.Errorf("%s: %q, %q, %v", name, j.Comment(), j.Ticket(pattern), ok)
		}
	}
	if j, ok := ci.Detect(func(name string) string { return map[string]string{"CI": "true"}[name] }); ok {
		t.Errorf("a job of %s was found", j.System)
	}
}

func TestMasksAreInEachSystemsWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		system ci.System
		secret string
		want   string
	}{
		{ci.GitHub, "c4nary-%41", "::add-mask::c4nary-%2541\n"},
		{ci.GitHub, "one line\r\nanother\n", "::add-mask::one line%0D%0Aanother%0A\n::add-mask::one line\n::add-mask::another\n"},
		{ci.Azure, "c4nary-%41", "##vso[task.setsecret]c4nary-%AZP2541\n"},
		{ci.GitLab, "c4nary", ""},
	} {
		var out bytes.Buffer
		err := ci.WriteMasks(&out, tt.system, secret.FromString(tt.secret))
		if d := cmp.Diff(tt.want, out.String()); d != "" || err != nil || tt.system.HasMasks() != (tt.want != "") {
			t.Errorf("%s: %v (-want +got)\n%s", tt.system, err, d)
		}
	}
}
