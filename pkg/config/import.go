package config

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/redim-tools/redim/pkg/pam"
)

// Import says what ImportDomains did, or would have done.
type Import struct {
	Added     []string  // domains that were not mapped
	Changed   []string  // domains that had another NetBIOS name
	Unchanged []string  // domains that had this one already
	Problems  []Problem // by line of the input
}

// ImportDomains adds lines FQDN=NetBIOS to the domain map of a profile. Blank
// lines and lines that start with # are passed over. With one error nothing is
// changed: the error is pam.ErrUsage with the first, and Import has all. The
// name of the input, for example a file's, stands in the problems.
func (f *File) ImportDomains(profile, name string, in io.Reader) (Import, error) {
	var imp Import
	if err := CheckProfile(profile); err != nil {
		return imp, err
	}
	v, err := imp.read(name, in)
	if err != nil {
		return imp, err
	}
	if err := AsError(imp.Problems); err != nil {
		return imp, err
	}
	before := f.data
	if err := f.addDomains(profile, v, &imp); err != nil {
		f.data = before
		return imp, err
	}
	return imp, nil
}

func (f *File) addDomains(profile string, v value, imp *Import) error {
	s, _ := fileOnly().load(f.document(), profile)
	k, _, _ := Lookup("domain_map")
	var changes []entry
	for _, e := range v.entries {
		old, mapped := s.DomainMap[e.name]
		switch {
		case mapped && old == e.text:
			imp.Unchanged = append(imp.Unchanged, e.name)
			continue
		case mapped:
			imp.Changed = append(imp.Changed, e.name)
		default:
			imp.Added = append(imp.Added, e.name)
		}
		changes = append(changes, e)
	}
	if err := f.merge(k, []string{"profiles", profile, k.Name}, changes); err != nil {
		return err
	}
	return f.judge(profile, k.Name)
}

// read checks every line and reports domains that stand twice.
func (imp *Import) read(name string, in io.Reader) (value, error) {
	data, err := io.ReadAll(io.LimitReader(in, MaxFile+1))
	if err != nil {
		return value{}, pam.Failf(pam.ErrOther, "read %s: %w", name, err).WithHint("check that it can be read")
	}
	if len(data) > MaxFile {
		return value{}, pam.Failf(pam.ErrUsage, "%s is longer than 1 MiB", name).WithHint("check that it holds lines FQDN=NetBIOS")
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return value{}, pam.Failf(pam.ErrUsage, "%s is not text in UTF-8", name).WithHint("save it as UTF-8; Windows PowerShell: Out-File -Encoding utf8")
	}
	v, first := value{}, map[string]entry{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, MaxFile+1)
	for line := 1; lines.Scan(); line++ {
		imp.line(&v, first, lines.Text(), Origin{File: name, Line: line})
	}
	return v, lines.Err()
}

func (imp *Import) line(v *value, first map[string]entry, line string, at Origin) {
	fqdn, netbios, err := pam.ParseDomainLine(line)
	if err != nil {
		imp.Problems = append(imp.Problems, fromError("", at, err))
		return
	}
	if fqdn == "" {
		return
	}
	e := entry{name: fqdn, text: netbios, origin: at}
	earlier, twice := first[fqdn]
	switch {
	case !twice:
		first[fqdn] = e
		v.entries = append(v.entries, e)
	case strings.EqualFold(earlier.text, netbios):
		imp.Problems = append(imp.Problems, problem("", at, "%s stands twice, first in line %d", fqdn, earlier.origin.Line).warning())
	default:
		imp.Problems = append(imp.Problems, problem("", at, "%s is %s here, but %s in line %d", fqdn, netbios, earlier.text, earlier.origin.Line).hint("keep the right one"))
	}
}

// String sums an import up: 2 added, 1 changed, 0 as before.
func (imp Import) String() string {
	return fmt.Sprintf("%d added, %d changed, %d as before", len(imp.Added), len(imp.Changed), len(imp.Unchanged))
}
