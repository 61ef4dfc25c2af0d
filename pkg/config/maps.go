package config

import (
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/spell"
)

// assignDomains takes every entry that is right and reports the others.
func assignDomains(field *pam.DomainMap, k Key, v value) []Problem {
	var out []Problem
	m := pam.DomainMap{}
	lines := map[string]Origin{}
	for _, e := range v.entries {
		fqdn, netbios, err := parseDomain(e)
		if err != nil {
			out = append(out, fromError(k.Name, e.origin, err))
			continue
		}
		if first, twice := lines[fqdn]; twice {
			out = append(out, twiceProblem(k.Name, fqdn, first, e.origin))
			continue
		}
		if strings.HasSuffix(strings.TrimSpace(e.name), ".") {
			out = append(out, problem(k.Name, e.origin, "%q ends in a dot", e.name).warning().hint("leave the dot out; it means nothing here"))
		}
		m[fqdn], lines[fqdn] = netbios, e.origin
	}
	*field = m
	return out
}

func parseDomain(e entry) (fqdn, netbios string, err error) {
	fqdn, netbios, err = pam.ParseDomainLine(e.name + "=" + e.text)
	if err == nil && fqdn == "" {
		err = pam.Failf(pam.ErrUsage, "%q is not a domain name", e.name).WithHint("write it like example.local: EX")
	}
	return fqdn, netbios, err
}

func twiceProblem(key, name string, first, second Origin) Problem {
	p := problem(key, second, "%s is given twice, first at %s", name, first)
	if first.Line > 0 && first.File == second.File {
		p = problem(key, second, "%s is given twice, first in line %d", name, first.Line)
	}
	return p.hint("keep one of them; case and a dot at the end make no difference")
}

// assignJobs takes every entry that is right and reports the others.
func assignJobs(field *map[pam.StoreType]int64, k Key, v value) []Problem {
	var out []Problem
	jobs := map[pam.StoreType]int64{}
	lines := map[pam.StoreType]Origin{}
	for _, e := range v.entries {
		kind, id, p := parseJob(k, e)
		if p != nil {
			out = append(out, *p)
			continue
		}
		if first, twice := lines[kind]; twice {
			out = append(out, twiceProblem(k.Name, kind.String(), first, e.origin))
			continue
		}
		jobs[kind], lines[kind] = id, e.origin
	}
	*field = jobs
	return out
}

func parseJob(k Key, e entry) (pam.StoreType, int64, *Problem) {
	kind, err := pam.ParseStoreType(strings.TrimSpace(e.name))
	if err != nil {
		p := fromError(k.Name, e.origin, err)
		if near := spell.Nearest(e.name, pam.StoreTypeNames()); near != "" {
			p = p.hint("did you mean %s", near)
		}
		return 0, 0, &p
	}
	id, err := strconv.ParseInt(strings.TrimSpace(e.text), 10, 64)
	if err != nil || id <= 0 {
		p := problem(k.Name, e.origin, "job id %q of %s is not a number above zero", e.text, e.name).hint("the id stands in the console's list of jobs; write it like %s: 101", e.name)
		return 0, 0, &p
	}
	return kind, id, nil
}
