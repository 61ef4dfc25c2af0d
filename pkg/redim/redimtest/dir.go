package redimtest

import (
	"bytes"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/pam"
)

// profile is the settings of redim for this server, in the order and with the
// names of the settings file.
type profile struct {
	EndpointURL        string            `yaml:"endpoint_url"`
	APIUser            string            `yaml:"api_user"`
	APIPassword        string            `yaml:"api_password,omitempty"`
	SignIn             string            `yaml:"sign_in,omitempty"`
	Kerberos           *profileKerberos  `yaml:"kerberos,omitempty"`
	Authenticator      string            `yaml:"authenticator,omitempty"`
	Dialect            string            `yaml:"dialect,omitempty"`
	FallbackToLocal    bool              `yaml:"fallback_to_local"`
	DomainMap          map[string]string `yaml:"domain_map,omitempty"`
	IncludeSharedLists bool              `yaml:"include_shared_lists"`
	SpinJobs           bool              `yaml:"spin_jobs"`
	JobComment         string            `yaml:"job_comment"`
	TemplateJobs       map[string]int64  `yaml:"template_jobs,omitempty"`
	TLS                *profileTLS       `yaml:"tls,omitempty"`
}

type profileKerberos struct {
	SPN string `yaml:"spn"`
}

type profileTLS struct {
	CAFile string `yaml:"ca_file"`
}

// settingsYAML is a complete settings file for this server, with password and
// certificate authority in the files of dir.
func (r *Running) settingsYAML(dir string) ([]byte, error) {
	id := parseIdentity(r.apiUser)
	p := profile{
		EndpointURL: r.EndpointURL(), Dialect: r.dialect, APIUser: id.Name, Authenticator: id.Domain,
		APIPassword:     "file:" + filepath.Join(dir, "password"),
		FallbackToLocal: true, IncludeSharedLists: true, SpinJobs: true, JobComment: "Checked out by <username>",
		DomainMap: map[string]string{}, TemplateJobs: r.estate.templateJobs(),
	}
	for _, d := range r.estate.Domains {
		p.DomainMap[d.Name] = d.NetBIOS
	}
	if r.windows != nil {
		p.APIPassword, p.SignIn = "", "kerberos"
		if r.spn != "" {
			p.Kerberos = &profileKerberos{SPN: r.spn}
		}
	}
	if r.trust != nil {
		p.TLS = &profileTLS{CAFile: filepath.Join(dir, "ca.pem")}
	}
	return yaml.Marshal(map[string]map[string]profile{"profiles": {"default": p}})
}

// templateJobs is what the estate says, else its template jobs by type.
func (e *Estate) templateJobs() map[string]int64 {
	if e.Settings.TemplateJobs != nil {
		return e.Settings.TemplateJobs
	}
	jobs := map[string]int64{}
	for _, j := range e.Jobs {
		if t, err := pam.ParseStoreType(j.Type); err == nil {
			jobs[t.String()] = j.ID
		}
	}
	return jobs
}

// WriteDir writes what a client needs into dir, which it makes when it is not
// there: ca.pem (not with plain http), password (readable by the owner only),
// client.pem and client.key where the delegation identity may sign in by
// certificate, settings.yaml with the profile default, and last of all address. Each file
// appears whole or not at all; one that is there is replaced.
func (r *Running) WriteDir(dir string) error {
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return dirFailure(dir, err)
	}
	settings, err := r.settingsYAML(dir)
	if err != nil {
		return dirFailure(dir, err)
	}
	if r.trust != nil {
		err = writeFile(filepath.Join(dir, "ca.pem"), r.trust, 0o644)
	}
	if err == nil {
		err = r.APIPassword().Reveal(func(b []byte) error { return writeFile(filepath.Join(dir, "password"), b, 0o600) })
	}
	if err == nil {
		err = r.writeClientCert(dir)
	}
	if err == nil {
		err = writeFile(filepath.Join(dir, "settings.yaml"), settings, 0o600)
	}
	if err == nil {
		err = writeFile(filepath.Join(dir, "address"), []byte(r.url+"\n"), 0o644)
	}
	return dirFailure(dir, err)
}

// writeClientCert writes a certificate with which the delegation identity may
// sign in, where it may.
func (r *Running) writeClientCert(dir string) error {
	if r.ca == nil || !r.mayUseCertificate(r.apiUser) {
		return nil
	}
	cert, key, err := r.ClientCert(r.apiUser)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, "client.pem"), cert, 0o644); err != nil {
		return err
	}
	return key.Reveal(func(b []byte) error { return writeFile(filepath.Join(dir, "client.key"), b, 0o600) })
}

func (s *Server) mayUseCertificate(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.model.identities[parseIdentity(name).Fold()]
	return id != nil && id.certificate
}

func dirFailure(dir string, err error) error {
	if err == nil {
		return nil
	}
	return pam.Failf(pam.ErrOther, "write the stand-in server's files: %w", err).WithHint("check that %s can be written and the disk is not full", dir)
}

// writeFile replaces a file in one step. The new file has its mode before it
// has its content.
func writeFile(path string, data []byte, mode os.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	err = f.Chmod(mode)
	if err == nil {
		_, err = bytes.NewReader(data).WriteTo(f)
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
