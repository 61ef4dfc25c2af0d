package negotiate

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// krb5conf is what the files of krb5.conf say that matters here.
type krb5conf struct {
	files        []string // that were read
	defaultRealm string
	cache        string // default_ccache_name
	noDNS        bool   // dns_lookup_kdc = false
	kdcs         map[string][]string
	realms       map[string]string // of hosts, and of domains with a leading dot
}

const (
	maxConf      = 1 << 20
	maxConfFiles = 64
)

// readConf reads files in order. What the first file says counts. A file of
// the list that is not there is passed over; it is a failure when none is.
func readConf(paths []string) (*krb5conf, error) {
	c := &krb5conf{kdcs: map[string][]string{}, realms: map[string]string{}}
	for _, path := range paths {
		if err := c.read(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, pam.Failf(pam.ErrUsage, "the Kerberos configuration %s can't be read: %w", path, err).WithHint("name a readable file in KRB5_CONFIG")
		}
	}
	if len(c.files) == 0 {
		return nil, pam.Failf(pam.ErrUsage, "there is no Kerberos configuration at %s", strings.Join(paths, ", ")).
			WithHint("install the realm's krb5.conf, or name it in KRB5_CONFIG")
	}
	return c, nil
}

func (c *krb5conf) read(path string) error {
	if len(c.files) >= maxConfFiles {
		return errors.New("too many files include each other")
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err == nil && info.Size() > maxConf {
		err = errors.New("it is too long for one")
	}
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	c.files = append(c.files, path)
	p := confParser{conf: c, dir: filepath.Dir(path)}
	for line := range strings.Lines(string(text)) {
		if err := p.line(strings.TrimSpace(line)); err != nil {
			return err
		}
	}
	return nil
}

// confParser is where in a file the reading is.
type confParser struct {
	conf    *krb5conf
	dir     string
	section string
	group   []string // of the braces around
}

func (p *confParser) line(line string) error {
	switch {
	case line == "" || line[0] == '#' || line[0] == ';':
	case strings.HasPrefix(line, "include ") || strings.HasPrefix(line, "includedir "):
		return p.include(line)
	case line[0] == '[':
		p.section, p.group = strings.ToLower(strings.Trim(strings.TrimRight(line, "*"), "[]")), nil
	case line[0] == '}':
		if len(p.group) > 0 {
			p.group = p.group[:len(p.group)-1]
		}
	default:
		p.relation(line)
	}
	return nil
}

func (p *confParser) relation(line string) {
	key, value, ok := strings.Cut(line, "=")
	if !ok {
		return
	}
	key, value = strings.TrimRight(strings.TrimSpace(key), "*"), strings.TrimSpace(value)
	if strings.HasPrefix(value, "{") {
		p.group = append(p.group, key)
		return
	}
	value = strings.Trim(value, `"`)
	switch {
	case p.section == "libdefaults" && len(p.group) == 0:
		p.conf.setDefault(strings.ToLower(key), value)
	case p.section == "realms" && len(p.group) == 1 && strings.EqualFold(key, "kdc"):
		realm := p.group[0]
		p.conf.kdcs[realm] = append(p.conf.kdcs[realm], strings.Fields(value)...)
	case p.section == "domain_realm" && len(p.group) == 0:
		if host := strings.ToLower(key); p.conf.realms[host] == "" {
			p.conf.realms[host] = value
		}
	}
}

func (c *krb5conf) setDefault(key, value string) {
	switch {
	case key == "default_realm" && c.defaultRealm == "":
		c.defaultRealm = value
	case key == "default_ccache_name" && c.cache == "":
		c.cache = value
	case key == "dns_lookup_kdc":
		switch strings.ToLower(value) {
		case "false", "no", "off", "0", "n", "f", "nil":
			c.noDNS = true
		}
	}
}

// include reads a file, or those of a folder whose names are plain or end in
// .conf.
func (p *confParser) include(line string) error {
	what, path, _ := strings.Cut(line, " ")
	path = strings.TrimSpace(path)
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.dir, path)
	}
	if what == "include" {
		return p.conf.read(path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil //nolint:nilerr // a folder that is not there holds nothing
	}
	for _, e := range entries {
		if e.IsDir() || !plainName(strings.TrimSuffix(e.Name(), ".conf")) {
			continue
		}
		if err := p.conf.read(filepath.Join(path, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// plainName is a name without anything but letters, digits, - and _.
func plainName(name string) bool {
	other := func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	return name != "" && !strings.ContainsFunc(name, other)
}

// realmOf is the realm of a host, or empty when nothing says.
func (c *krb5conf) realmOf(host string) string {
	host = strings.ToLower(host)
	if realm, ok := c.realms[host]; ok {
		return realm
	}
	for {
		_, parent, ok := strings.Cut(host, ".")
		if !ok {
			return ""
		}
		if realm, ok := c.realms["."+parent]; ok {
			return realm
		}
		host = parent
	}
}
