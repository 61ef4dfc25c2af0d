package config

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
)

// flagName is the flag of a setting: --api-password-from for a secret, which
// takes no value itself.
func flagName(k config.Key) string {
	name := strings.NewReplacer("_", "-", ".", "-").Replace(k.Name)
	if k.Secret() {
		name += "-from"
	}
	return name
}

func vendorKeys() []config.Key {
	var out []config.Key
	for _, k := range config.Keys() {
		if k.Vendor != "" {
			out = append(out, k)
		}
	}
	return out
}

// addSettingFlags adds a flag for each of the vendor's settings.
func addSettingFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	for _, k := range vendorKeys() {
		switch name := flagName(k); {
		case k.Secret():
			f.String(name, "", "`source` of the API password, or - to read and keep it now")
			cli.Complete(cmd, name, sourceWords()...)
		case k.Type == config.TypeBool:
			f.Bool(name, false, k.Name+": "+lowerFirst(k.Vendor))
		case k.IsMap():
			f.StringArray(name, nil, k.Name+": `name=value`, or several with commas; may be repeated")
		default:
			f.String(name, "", k.Name+": "+firstSentence(k.Doc))
		}
	}
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// givenSettings collects what flags and --set give; --set wins.
func givenSettings(f *pflag.FlagSet, set []string) ([]Assignment, error) {
	var out []Assignment
	for _, k := range vendorKeys() {
		flag := f.Lookup(flagName(k))
		if !flag.Changed {
			continue
		}
		value := flag.Value.String()
		if many, ok := flag.Value.(pflag.SliceValue); ok {
			value = strings.Join(many.GetSlice(), ",")
		}
		out = append(out, Assignment{Key: k.Name, Value: value})
	}
	for _, text := range set {
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, pam.Failf(pam.ErrUsage, "an assignment has no =").WithHint("write --set KEY=VALUE, for example --set timeout=1m")
		}
		out = append(out, Assignment{Key: strings.TrimSpace(key), Value: value})
	}
	return out, nil
}
