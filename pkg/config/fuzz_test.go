package config

import (
	"testing"
)

// FuzzSettings reads any text as a settings file, judges it, changes one value
// and asserts that every other value is as before.
func FuzzSettings(f *testing.F) {
	for _, seed := range []string{
		twentyLines, commented, broken, "", "profiles:\n", "profiles: {default: {timeout: 3s, tls: {ca_file: x}}}",
		"profiles:\n  default:\n    job_comment: >-\n      a\n      b\n    dialect_operations:\n      a: [1, {b: c}]\n    timeout: 3s # x\n",
		"---\nprofiles:\n    default: # a\n        \"timeout\" : '3s'\n...\n", "profiles:\r\n  default:\r\n    timeout: \r\n",
		"profiles:\n  default: &a\n    timeout: *b\n", "? profiles\n: ? default\n  : timeout: 1s\n", "\xef\xbb\xbfprofiles: {}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<14 {
			return
		}
		file := &File{path: "settings.yaml", data: data}
		before := valuesOf(t, file)
		for _, text := range []string{"7s", "8s"} {
			if file.Set("default", "timeout", text) != nil {
				return
			}
		}
		after := valuesOf(t, file)
		if after["default timeout"] != "8s" {
			t.Fatalf("timeout is %q in\n%s", after["default timeout"], file.data)
		}
		for name, text := range before {
			if name != "default timeout" && after[name] != text {
				t.Fatalf("%s was %q and is %q in\n%s", name, text, after[name], file.data)
			}
		}
		if _, err := file.Unset("default", "timeout"); err != nil {
			t.Fatal(err)
		}
		if last := valuesOf(t, file); last["default timeout"] != "30s" {
			t.Fatalf("timeout is %q in\n%s", last["default timeout"], file.data)
		}
	})
}

// valuesOf are all values of all profiles that can be understood.
func valuesOf(t *testing.T, f *File) map[string]string {
	t.Helper()
	out := map[string]string{}
	d := f.document()
	for _, p := range append(d.problems, Check(f.path, f.data)...) {
		if p.Message == "" || p.Severity == "" {
			t.Fatalf("an empty problem: %+v", p)
		}
	}
	for _, p := range d.profiles {
		s, _ := fileOnly().load(d, p.name)
		s.Problems(nil)
		_ = s.Fingerprint()
		for _, i := range s.Items() {
			out[p.name+" "+i.Name] = i.Text
		}
	}
	return out
}
