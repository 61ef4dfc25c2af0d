package rotator

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// Command is a program and its first arguments. The system and the account
// follow those. It is started as it is, without a shell.
type Command struct {
	Program string
	Args    []string
}

var _ vault.Rotator = Command{}

// Parse reads a cmd: source: a program and arguments with blanks between.
// Nothing is looked for yet.
func Parse(source secret.Source) Command {
	words := strings.Fields(source.Arg)
	return Command{Program: words[0], Args: words[1:]}
}

// order is what a program reads, as one JSON object. A secret that is no text
// comes in base64.
type order struct {
	Schema   int    `json:"schema"`
	System   string `json:"system"`
	Account  string `json:"account"`
	Kind     string `json:"kind"`
	Secret   string `json:"secret,omitempty"`
	Base64   string `json:"secret_base64,omitempty"`
	Proposed string `json:"proposed,omitempty"`
}

// Rotate runs the program and returns what it printed. The error tells neither
// that nor what it was told. When ctx ends, the program is killed with all that
// it has started.
func (c Command) Rotate(ctx context.Context, o vault.RotationOrder) (secret.Value, error) {
	for _, name := range []string{o.Credential.System, o.Credential.Account} {
		if strings.HasPrefix(name, "-") {
			return secret.Value{}, pam.Failf(pam.ErrUsage, "%q would be taken for a flag", name).WithHint("give the credential another name, or its policy no rotator")
		}
	}
	input := encode(o)
	defer clear(input)
	cmd := exec.CommandContext(ctx, c.Program, append(slices.Clip(c.Args), o.Credential.System, o.Credential.Account)...)
	cmd.Stdin = bytes.NewReader(input)
	fresh, err := secret.Output(cmd)
	switch {
	case err == nil:
		return fresh, nil
	case ctx.Err() != nil:
		return secret.Value{}, pam.Failf(pam.ErrUnreachable, "it took too long, and was killed").WithHint("run it by hand to see what it waits for")
	}
	return secret.Value{}, pam.Failf(pam.ErrOther, "%s", secret.WhyNoOutput(err)).WithHint("run it by hand to see what it says")
}

func encode(o vault.RotationOrder) []byte {
	told := order{Schema: 1, System: o.Credential.System, Account: o.Credential.Account, Kind: string(o.Credential.Kind)}
	_ = o.Old.Reveal(func(b []byte) error {
		if utf8.Valid(b) {
			told.Secret = string(b)
			return nil
		}
		told.Base64 = base64.StdEncoding.EncodeToString(b)
		return nil
	})
	_ = o.Proposed.Reveal(func(b []byte) error { told.Proposed = string(b); return nil })
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(told) //nolint:gosec // the program is to have the secret; plain strings always encode
	return out.Bytes()
}
