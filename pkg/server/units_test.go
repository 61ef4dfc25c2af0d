package server_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// units are the files of systemd that the packages bring.
const units = "../../docs/systemd"

// readUnit lists the values of a unit by section and name: Service.Type.
func readUnit(t *testing.T, name string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(units, name))
	if err != nil {
		t.Fatal(err)
	}
	section, found := "", map[string][]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		key, value, ok := strings.Cut(line, "=")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		case ok && section != "":
			found[section+"."+key] = append(found[section+"."+key], value)
		default:
			t.Errorf("%s: %q is no line of a unit", name, line)
		}
	}
	return found
}

// TestTheUnitHoldsTheServiceTight wants what keeps secrets in and others out, and
// says which limit or word each depends on.
func TestTheUnitHoldsTheServiceTight(t *testing.T) {
	t.Parallel()
	unit := readUnit(t, "vault-serve.service")
	for key, want := range map[string]string{
		"Service.Type": "notify", "Service.DynamicUser": "yes", "Service.ProtectSystem": "strict", "Service.ProtectHome": "yes", "Service.NoNewPrivileges": "yes", "Service.LimitCORE": "0", "Service.CapabilityBoundingSet": "",
		"Service.PrivateTmp": "yes", "Service.UMask": "0077", "Service.StateDirectoryMode": "0700", "Unit.Requires": "vault-serve.socket", "Service.LimitNOFILE": "16384",
	} {
		if got := unit[key]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if keys := unit["Service.LoadCredential"]; !slices.ContainsFunc(keys, func(s string) bool { return strings.HasPrefix(s, "master.key:") }) {
		t.Errorf("the master key is not handed over: %q", keys)
	}
	if env := strings.Join(unit["Service.Environment"], " "); !strings.Contains(env, "REDIM_KEY=systemd:master.key") {
		t.Errorf("the master key is not taken: %q", env)
	}
	if socket := readUnit(t, "vault-serve.socket"); len(socket["Socket.ListenStream"]) != 1 || len(socket["Install.WantedBy"]) != 1 {
		t.Errorf("%v", socket)
	}
	if len(unit["Install.WantedBy"]) > 0 {
		t.Error("the socket starts the service, nothing else does")
	}
}

// TestSystemdTakesTheUnits lets systemd itself read them, and say how exposed the
// service is: 0 is not at all, 100 is as any other program.
func TestSystemdTakesTheUnits(t *testing.T) {
	t.Parallel()
	const program = "systemd-analyze" //nolint:misspell // its name
	reader, err := exec.LookPath(program)
	if err != nil {
		t.Skip(program + " is not installed (Debian: systemd)")
	}
	dir := t.TempDir()
	names := []string{"vault-serve.service", "vault-serve.socket"}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(units, name))
		if err != nil {
			t.Fatal(err)
		}
		here := strings.ReplaceAll(string(text), "/usr/bin/vault ", "/bin/sh ") // it has to be there
		if err := os.WriteFile(filepath.Join(dir, name), []byte(here), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), reader, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	for _, name := range names {
		if said := run("verify", "--man=no", filepath.Join(dir, name)); strings.Contains(said, "vault-serve") {
			t.Errorf("%s: %s", name, said) // what it does not know is a warning to it
		}
	}
	run("security", "--offline=true", "--threshold=15", "--no-pager", filepath.Join(dir, "vault-serve.service"))
}
