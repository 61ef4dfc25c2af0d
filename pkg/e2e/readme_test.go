package e2e

import (
	"os"
	"strings"
	"testing"
)

// TestTheReadmeTellsWhatTheDemoTells holds the two commands of the README against
// those that the script of the demo runs.
func TestTheReadmeTellsWhatTheDemoTells(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(root + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	const both = "vault demo --dir demo &\ncurl --cacert demo/cert.pem -H @demo/token --json '{\"system\": \"web01\", \"account\": \"backup\"}' https://127.0.0.1:8443/v1/checkouts\n"
	if !strings.Contains(string(text), both) {
		t.Errorf("the README has not\n%s", both)
	}
	source, err := os.ReadFile(root + "/pkg/cmd/vaultdemo/demo.go")
	if err != nil {
		t.Fatal(err)
	}
	const told = "curl --cacert %[1]s/cert.pem -H @%[1]s/token --json '{\"system\": \"web01\", \"account\": \"backup\"}' %[2]s/v1/checkouts\n"
	if !strings.Contains(string(source), told) {
		t.Error("the demo tells another command")
	}
}
