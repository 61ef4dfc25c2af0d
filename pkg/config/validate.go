package config

import (
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// RiskCleartext is what --accept-risk must name before a password may travel
// over http to another host.
const RiskCleartext = "cleartext"

const notSet = "is required and not set"

// Validate returns what keeps the settings from being used, as one pam.ErrUsage
// with the first problem's place and hint. acceptRisks are the named risks that
// the user takes.
func (s *Settings) Validate(acceptRisks []string) error { return AsError(s.Problems(acceptRisks)) }

// ValidateAddress is Validate for whoever only wants to get at the service:
// about who signs in there it does not care.
func (s *Settings) ValidateAddress(acceptRisks []string) error {
	return AsError(slices.DeleteFunc(s.Problems(acceptRisks), func(p Problem) bool {
		return p.Key != "endpoint_url" && p.Key != "dialect_operations" && !strings.HasPrefix(p.Key, "tls.")
	}))
}

// Problems returns all that is wrong or suspicious with the values, in the
// order of the file. What Load refuses is not repeated.
func (s *Settings) Problems(acceptRisks []string) []Problem {
	var out []Problem
	out = append(out, s.required()...)
	out = append(out, s.checkURLs(slices.Contains(acceptRisks, RiskCleartext))...)
	out = append(out, s.checkSignIn()...)
	out = append(out, s.checkNames()...)
	out = append(out, s.checkCommands()...)
	out = append(out, s.checkTLS()...)
	out = append(out, s.checkDomains()...)
	out = append(out, s.checkJobs()...)
	out = append(out, s.checkHelper()...)
	sortProblems(out)
	return out
}

// at makes an error at the place where the key was set.
func (s *Settings) at(key, format string, args ...any) Problem {
	return problem(key, s.Origin(key), format, args...)
}

func (s *Settings) required() []Problem {
	var out []Problem
	for _, k := range s.keys() {
		if k.Required && s.reads(k) && s.isEmpty(k) && (k.SignIn == "" || k.SignIn == s.SignIn) {
			out = append(out, s.at(k.Name, notSet).hint("%s", s.missingHint(k)))
		}
	}
	return out
}

func (s *Settings) isEmpty(k Key) bool {
	switch v := k.field(s).(type) {
	case *string:
		return *v == ""
	case *secret.Source:
		return v.IsZero()
	}
	return false
}

func (s *Settings) missingHint(k Key) string {
	assignment := "set it with --set " + k.Name + "=" + k.Example + " or " + k.Env()
	switch {
	case s.pathErr != nil:
		return assignment + "; there is no settings file, because HOME is not set: name one with --config or REDIM_CONFIG"
	case s.missing:
		return assignment + "; there is no settings file at " + s.Path + ": make one with redim config init"
	}
	return assignment + ", or write it with: redim config set " + k.Name
}

func (s *Settings) checkNames() []Problem {
	var out []Problem
	if strings.ContainsAny(s.APIUser, `\@`) {
		out = append(out, s.at("api_user", "%q holds a domain", s.APIUser).warning().hint("write the name alone, and the domain as authenticator"))
	}
	if strings.ContainsAny(s.DefaultDomain, `\@/ `) {
		out = append(out, s.at("default_domain", "%q is not a domain", s.DefaultDomain).hint("write the NetBIOS name or the FQDN alone, for example EX"))
	}
	if strings.ContainsAny(s.Authenticator, `\@`) {
		out = append(out, s.at("authenticator", "%q is not an authenticator's name", s.Authenticator).hint("write the name alone, for example EX"))
	}
	if rest := strings.ReplaceAll(s.JobComment, "<username>", ""); strings.ContainsAny(rest, "<>") {
		out = append(out, s.at("job_comment", "only <username> is replaced, other words in <> stay as they are").warning().hint("write it like Checked out by <username>"))
	}
	return out
}

// checkCommands refuses a command from a file that is open to others: who can
// change it could run what they like, who can read it sees the command.
func (s *Settings) checkCommands() []Problem {
	var out []Problem
	for key, src := range s.sources() {
		at := s.Origin(key)
		if s.loose && at.Layer == LayerProfile && src.Kind == secret.KindCommand {
			out = append(out, problem(key, at, "a cmd: source in a file that others may open is refused").hint("use: chmod 600 %s", s.Path))
		}
	}
	return out
}

// sources are all secret sources in the settings, by key.
func (s *Settings) sources() map[string]secret.Source {
	passphrase, _ := s.Cache.Passphrase() // was checked when it was taken
	master, _ := Cache{Key: s.Key}.Passphrase()
	all := map[string]secret.Source{"api_password": s.APIPassword, "mfa_code": s.MFACode, "credential": s.Credential, "cache.key": passphrase, "key": master}
	for name, src := range s.Rotators {
		all["rotators."+name] = src
	}
	return all
}

func (s *Settings) checkTLS() []Problem {
	switch {
	case s.TLS.ClientCert != "" && s.TLS.ClientKey == "":
		return []Problem{s.at("tls.client_key", "is required beside tls.client_cert").hint("set tls.client_key too")}
	case s.TLS.ClientKey != "" && s.TLS.ClientCert == "":
		return []Problem{s.at("tls.client_cert", "is required beside tls.client_key").hint("set tls.client_cert too")}
	}
	return nil
}

// checkDomains reports cycles and names that stand for two domains.
func (s *Settings) checkDomains() []Problem {
	var out []Problem
	for _, f := range s.DomainMap.Lint() {
		out = append(out, fromError("domain_map", s.domainOrigin(f), f))
	}
	return out
}

// domainOrigin finds the line of the entry that a finding is about: the last
// one that it names.
func (s *Settings) domainOrigin(f *pam.Failure) Origin {
	at := s.Origin("domain_map")
	for word := range strings.FieldsSeq(f.Message) {
		if _, ok := s.DomainMap[word]; ok {
			at = s.Origin("domain_map." + word)
		}
	}
	return at
}

func (s *Settings) checkJobs() []Problem {
	switch {
	case s.SpinJobs && len(s.TemplateJobs) == 0:
		return []Problem{s.at("spin_jobs", "spin jobs are on, but template_jobs is empty, so none can be made").warning().hint("set template_jobs.windows=ID, with the id of a job in the console")}
	case !s.SpinJobs && len(s.TemplateJobs) > 0:
		return []Problem{s.at("template_jobs", "template jobs are set, but spin_jobs is off").warning().hint("set spin_jobs=true, or leave template_jobs out")}
	}
	return nil
}
