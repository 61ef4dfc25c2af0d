package ci

import (
	"regexp"
	"strings"
)

// Job is a job of a CI system.
type Job struct {
	System System
	URL    string   // where people look at it; empty when it does not tell
	Commit string   // that it is about
	Names  []string // of the change and its branch, where tickets may stand
}

// System is a CI system.
type System string

// The systems.
const (
	GitHub    System = "GitHub Actions"
	GitLab    System = "GitLab CI"
	Jenkins   System = "Jenkins"
	Azure     System = "Azure Pipelines"
	CircleCI  System = "CircleCI"
	Bitbucket System = "Bitbucket Pipelines"
	Buildkite System = "Buildkite"
)

// known says in which variables a system tells what. An address is made of the
// texts in turn; a word in capitals is a variable, which must be set.
type known struct {
	system System
	mark   string // this variable is set in each of its jobs
	url    []string
	commit string
	names  []string
}

func systems() []known {
	return []known{
		{GitHub, "GITHUB_ACTIONS", []string{"GITHUB_SERVER_URL", "/", "GITHUB_REPOSITORY", "/actions/runs/", "GITHUB_RUN_ID"}, "GITHUB_SHA", []string{"GITHUB_HEAD_REF", "GITHUB_REF_NAME"}},
		{GitLab, "GITLAB_CI", []string{"CI_JOB_URL"}, "CI_COMMIT_SHA", []string{"CI_MERGE_REQUEST_TITLE", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_REF_NAME"}},
		{Azure, "TF_BUILD", []string{"SYSTEM_COLLECTIONURI", "SYSTEM_TEAMPROJECT", "/_build/results?buildId=", "BUILD_BUILDID"}, "BUILD_SOURCEVERSION", []string{"SYSTEM_PULLREQUEST_SOURCEBRANCH", "BUILD_SOURCEBRANCH"}},
		{CircleCI, "CIRCLECI", []string{"CIRCLE_BUILD_URL"}, "CIRCLE_SHA1", []string{"CIRCLE_BRANCH"}},
		{Bitbucket, "BITBUCKET_BUILD_NUMBER", []string{"BITBUCKET_GIT_HTTP_ORIGIN", "/pipelines/results/", "BITBUCKET_BUILD_NUMBER"}, "BITBUCKET_COMMIT", []string{"BITBUCKET_BRANCH"}},
		{Buildkite, "BUILDKITE", []string{"BUILDKITE_BUILD_URL"}, "BUILDKITE_COMMIT", []string{"BUILDKITE_BRANCH"}},
		{Jenkins, "JENKINS_URL", []string{"BUILD_URL"}, "GIT_COMMIT", []string{"CHANGE_TITLE", "CHANGE_BRANCH", "BRANCH_NAME", "GIT_BRANCH"}},
	}
}

// Detect finds the job that the environment is of.
func Detect(getenv func(string) string) (Job, bool) {
	get := func(name string) string { return clean(getenv(name)) }
	for _, k := range systems() {
		if get(k.mark) == "" {
			continue
		}
		j := Job{System: k.system, URL: address(get, k.url), Commit: get(k.commit)}
		for _, name := range k.names {
			if text := get(name); text != "" {
				j.Names = append(j.Names, text)
			}
		}
		return j, true
	}
	return Job{}, false
}

// longest is the most of a variable that is taken for what it should be.
const longest = 512

// clean is a text that can stand in one line of a record, or nothing.
func clean(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > longest || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
		return ""
	}
	return text
}

func address(get func(string) string, parts []string) string {
	var b strings.Builder
	for _, part := range parts {
		text := part
		if part == strings.ToUpper(part) && strings.Contains(part, "_") {
			if text = get(part); text == "" {
				return ""
			}
		}
		b.WriteString(text)
	}
	return strings.ReplaceAll(b.String(), " ", "%20")
}

// Comment says in a few words which job it is.
func (j Job) Comment() string {
	const short = 12
	words := []string{string(j.System)}
	if j.URL != "" {
		words = append(words, j.URL)
	}
	if j.Commit != "" {
		words = append(words, "commit "+j.Commit[:min(short, len(j.Commit))])
	}
	return strings.Join(words, " ")
}

// Ticket is the first ticket number in the names of the change and its branch,
// empty when there is none: what the pattern's first group matches, or all of it.
func (j Job) Ticket(pattern *regexp.Regexp) string {
	for _, name := range j.Names {
		if found := pattern.FindStringSubmatch(name); found != nil {
			return found[min(1, len(found)-1)]
		}
	}
	return ""
}
