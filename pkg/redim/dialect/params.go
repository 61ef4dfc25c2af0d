package dialect

import (
	"slices"
	"strings"
)

// IsLogIn reports the key of an operation by which the delegation identity signs
// in, one for each way to do so.
func IsLogIn(key string) bool {
	return key == "log_in" || key == "log_in_certificate" || key == "log_in_windows"
}

// params are the names that an operation may fill in.
func (o *Operation) params() []string {
	switch {
	case o.Key == "log_in":
		return []string{"user", "authenticator", "login_type", "password", "mfa_code"}
	case o.Key == "log_in_certificate", o.Key == "log_in_windows":
		return []string{"user", "authenticator"}
	case o.Key == "log_in_as":
		return []string{"token", "user", "authenticator", "login_type"}
	case o.Key == "log_out", o.Key == "shared_lists":
		return []string{"token"}
	case o.Key == "stored_list":
		return []string{"token", "system"}
	case o.Key == "shared_entries":
		return []string{"token", "list"}
	case o.Key == "system_name":
		return []string{"token", "address"}
	case o.Key == "job_create":
		return []string{"token", "job"}
	case o.Key == "job_comment":
		return []string{"token", "job_id", "comment"}
	case strings.HasPrefix(o.Key, "job_"):
		return []string{"token", "job_id"}
	}
	return []string{"token", "account", "system", "namespace", "target", "type", "custom_type", "list", "comment"}
}

// checkParam refuses a name that there is nothing to fill in for.
func (o *Operation) checkParam(line, name string) *Wrong {
	if known := o.params(); !slices.Contains(known, name) {
		return o.wrong(line, "%s: $%s is not known; known are $%s", line, name, strings.Join(known, ", $"))
	}
	return nil
}

// checkOpen refuses what must not stand in the open: an address ends up in
// the logs of everything on the way. And a job is no single value.
func (o *Operation) checkOpen(line, name string) *Wrong {
	if wrong := o.checkParam(line, name); wrong != nil {
		return wrong
	}
	switch name {
	case "token", "password", "mfa_code":
		return o.wrong(line, "%s: $%s would end up in logs; put it into header or request", line, name)
	case "job":
		return o.wrong(line, "%s: $job is an object; put it into request", line)
	}
	return nil
}
