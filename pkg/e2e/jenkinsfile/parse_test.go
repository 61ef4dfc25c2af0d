package jenkinsfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/e2e/jenkinsfile"
)

const file = `// a comment
pipeline {
  agent any
  environment { A = 'b' }
  stages { stage('one') { steps { sh '''x "$y"''' } } }
  post { always { withCredentials([string(credentialsId: 'id', variable: 'V')]) { sh 'z' } } }
}
`

func TestPipelinesAreRead(t *testing.T) {
	t.Parallel()
	got, err := jenkinsfile.Parse(file)
	want := jenkinsfile.Pipeline{
		Agent: "any", Environment: map[string]string{"A": "b"},
		Stages: []jenkinsfile.Stage{{Name: "one", Steps: []jenkinsfile.Step{{Script: `x "$y"`}}}},
		Always: []jenkinsfile.Step{{Script: "z", Secrets: map[string]string{"V": "id"}}},
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
}

func TestWhatIsNotKnownIsRefused(t *testing.T) {
	t.Parallel()
	for old, wrong := range map[string]string{
		"agent any": "agents any", "'b'": "b", "'b' }": "'b", "sh 'z'": "bat 'z'", "stage('one')": "stage(one)", "'z'": `'z\n'`, "A =": "A +=",
		"'''x": "''x", "'id'": "'i\nd'", "steps": "steps steps", "}\n}\n": "}\n}\n}\n", "string(": "file(",
	} {
		broken := strings.Replace(file, old, wrong, 1)
		if got, err := jenkinsfile.Parse(broken); broken == file || err == nil || !strings.HasPrefix(err.Error(), "line ") {
			t.Errorf("%q is %+v, %v", wrong, got, err)
		}
	}
}
