package redimtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// defaultSettings holds the members of PasswordChangeSettings that are known,
// each with a plausible value (protocol reference, sections 7.2 to 7.4).
func defaultSettings() object {
	o := object{
		{"AccountType", int64(0)}, {"ConnectionType", int64(1)}, {"HostCodePage", int64(1)}, {"StoredAccountName", ""},
		{"StoredNamespace", ""}, {"StoredSystemName", ""}, {"Unique", true}, {"UseSavedPasswords", true}, {"NewAccountName", "*"},
		{"PasswordPropagationTargets", object{{"ListTargets", []any{}}}},
		{"PasswordConstraints", defaultConstraints()}, {"PasswordPropagationSettings", defaultPropagation()},
	}
	o = append(o, generation()...)
	for name := range strings.FieldsSeq(`AddMissing CancelIfCheckedOut ChangeLoginAccount ChangeRootAccount ChangeTwice ClearAutoLogon
		DisableAccountLockout KeepAccountLockedOutUntilComplete PreventUsernameInPassword ReEnableAccountAfterSetTimeHours
		ReEnableAccountIfOperationFails RenameAccount SendEmailOnChange UnlockAccount UpdateAutoLogon
		UpdatedAccountIsRootAccount UseStoredLoginPassword`) {
		o = append(o, member{name, false})
	}
	for name := range strings.FieldsSeq(`AccountComment ConfigFile CurrentPassword DomainName EmailOnChange FullAccountName KeyLabel
		LoginName LoginPassword SerializedUtilityIDs`) {
		o = append(o, member{name, ""})
	}
	return record(append(o, member{"AddType", int64(0)}, member{"TerminalType", int64(0)})...)
}

// generation holds how a new password is made; it stands in the settings and,
// again, in their constraints.
func generation() object {
	return object{
		{"ExplicitPassword", ""}, {"FirstCharacterSetBits", int64(15)}, {"LastCharacterSetBits", int64(15)}, {"MiddleCharactersSetBits", int64(15)},
		{"MinLettersLcase", int64(1)}, {"MinLettersUcase", int64(1)}, {"MinNumbers", int64(1)}, {"MinSymbols", int64(1)},
		{"PasswordChangeType", int64(0)}, {"PasswordCharacterSetBits", int64(15)}, {"PasswordCompatibilityLevel", int64(2)},
		{"PasswordLength", int64(16)}, {"PasswordSecurityOptions", int64(0)}, {"PasswordSegments", int64(1)}, {"SymbolsSetOverride", ""},
	}
}

func defaultConstraints() object {
	return record(append(generation(), member{"DefaultPasswordFilterCompliance", int64(0)}, member{"FailGenerationOnMissingPassfiltDLL", false},
		member{"PathToPassfiltDLL", ""}, member{"SymbolsExcludeProblematicWithAPIs", true}, member{"SymbolsExcluded", ""})...)
}

func defaultPropagation() object {
	o := object{{"GroupName", ""}}
	for name := range strings.FieldsSeq(`ConstrainToManagedSystems ConstrainToMembersOfGroup ConstrainToSystemsWithNonzeroInUse
		ExcludeDomainControllers ExcludeSystemWithAccount PropagateToSystemWithAccountOnly PropagateToTrustingDomains`) {
		o = append(o, member{name, false})
	}
	return record(o...)
}

func defaultSchedule() object {
	return object{{"DayOfMonth", int64(0)}, {"Hours", int64(0)}, {"Minutes", int64(0)}, {"MonthOfYear", int64(0)}, {"RetryEnabled", false}, {"ScheduleType", int64(1)}}
}

// defaultBase has a date, since the service's dates can not be null.
func defaultBase() object {
	return object{{"NextRunTimeUTC", time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}, {"RunJobOnNewSystems", false}}
}

// fieldsOf is the contract of an object with values like these.
func fieldsOf(o object) []field {
	var fields []field
	for _, m := range o {
		switch v := m.value.(type) {
		case string:
			fields = append(fields, text(m.name))
		case int64:
			fields = append(fields, number(m.name))
		case bool:
			fields = append(fields, truth(m.name))
		case time.Time:
			fields = append(fields, date(m.name))
		case []any:
			fields = append(fields, field{m.name, shape{kind: kindList}})
		case object:
			fields = append(fields, nested(m.name, fieldsOf(v)...))
		}
	}
	return fields
}

// overlay returns under with the members that over has.
func overlay(under, over object) object {
	out := slices.Clone(under)
	for i, m := range out {
		v, there := over.get(m.name)
		if !there {
			continue
		}
		inner, isObject := m.value.(object)
		if given, ok := v.(object); ok && isObject {
			v = overlay(inner, given)
		}
		out[i].value = v
	}
	return out
}

// blank returns o with every value at its zero: what the service makes of
// members that a request leaves out. A date keeps its value.
func blank(o object) object {
	out := slices.Clone(o)
	for i, m := range out {
		switch v := m.value.(type) {
		case string:
			out[i].value = ""
		case int64:
			out[i].value = int64(0)
		case bool:
			out[i].value = false
		case object:
			out[i].value = blank(v)
		}
	}
	return out
}

// settings reads the estate's overrides as the service would read a request.
func (j TemplateJob) settings() (object, error) {
	s := shape{kind: kindObject, members: fieldsOf(defaultSettings())}
	return s.conformObject(fromYAML(j.Settings))
}

func (j TemplateJob) checkSettings() []string {
	var out []string
	known := defaultSettings()
	for name := range j.Settings {
		if _, there := known.get(name); !there {
			out = append(out, fmt.Sprintf("PasswordChangeSettings has no member %s", name))
		}
	}
	if _, err := j.settings(); err != nil {
		out = append(out, err.Error())
	}
	return out
}

// fromYAML turns a decoded YAML value into what readJSON would return.
func fromYAML(v any) any {
	switch v := v.(type) {
	case map[string]any:
		o := object{}
		for name, inner := range v {
			o = append(o, member{name, fromYAML(inner)})
		}
		return record(o...)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = fromYAML(v[i])
		}
		return list
	case int:
		return json.Number(fmt.Sprint(v))
	case string, bool, nil:
		return v
	}
	return fmt.Sprint(v)
}

// build makes the template as the service keeps it.
func (j TemplateJob) build() *job {
	over, _ := j.settings() // checked when the estate was read
	settings := overlay(defaultSettings(), over)
	if t, _ := pam.ParseStoreType(j.Type); t == pam.StoreUnix {
		if _, given := over.get("AccountType"); !given {
			settings.set("AccountType", int64(4))
		}
	}
	return &job{id: j.ID, template: true, comment: j.Comment, settings: settings, schedule: defaultSchedule(), base: defaultBase()}
}
