package secret

import "strings"

// Kind says where a secret comes from.
type Kind string

// The kinds. The word before the colon is what a source starts with.
const (
	KindEnv     Kind = "env"     // env:NAME, an environment variable
	KindFile    Kind = "file"    // file:PATH, the content of a file
	KindCommand Kind = "cmd"     // cmd:COMMAND LINE, what a command prints
	KindKeyring Kind = "keyring" // keyring:NAME, the keyring of the operating system
	KindSecrets Kind = "secrets" // secrets:NAME, our own encrypted file
	KindPrompt  Kind = "prompt"  // a question at the terminal
	KindStdin   Kind = "stdin"   // standard input; "-" for short
)

// Source says where a secret is to be read from. It holds no secret itself,
// but the line of a command may, so only Text shows that.
// The zero Source is none.
type Source struct {
	Kind Kind
	Arg  string // name, path or command line; empty for prompt and stdin
}

// IsZero reports whether no source was named.
func (s Source) IsZero() bool { return s.Kind == "" }

// Text is the source as ParseSource reads it, the whole command line included.
func (s Source) Text() string {
	if s.Arg == "" {
		return string(s.Kind)
	}
	return string(s.Kind) + ":" + s.Arg
}

// String is fit for messages and tables: of a command it shows the first word only.
func (s Source) String() string {
	if s.Kind != KindCommand {
		return s.Text()
	}
	words := strings.Fields(s.Arg)
	if len(words) == 0 || strings.Contains(words[0], "=") {
		return "cmd:…"
	}
	if len(words) == 1 {
		return "cmd:" + words[0]
	}
	return "cmd:" + words[0] + " …"
}

// SourceForms lists what a source may look like, for help and messages.
func SourceForms() []string {
	return []string{"env:NAME", "file:PATH", "cmd:COMMAND LINE", "keyring:NAME", "secrets:NAME", "prompt", "-"}
}

// SourceError says why a secret could not be had. Neither text holds a secret,
// nor what may be one.
type SourceError struct {
	Source Source // zero when the text was no source at all
	Reason string
	Hint   string
}

// Error is the source and the reason.
func (e *SourceError) Error() string {
	if e.Source.IsZero() {
		return e.Reason
	}
	return e.Source.String() + ": " + e.Reason
}

func (s Source) failed(reason, hint string) error {
	return &SourceError{Source: s, Reason: reason, Hint: hint}
}

// ParseSource reads a source. Anything else is taken for a secret written in
// the open and refused, without repeating it.
func ParseSource(text string) (Source, error) {
	switch strings.TrimSpace(text) {
	case "":
		return Source{}, &SourceError{Reason: "no secret source is given", Hint: "use one of " + forms()}
	case "-", string(KindStdin):
		return Source{Kind: KindStdin}, nil
	case string(KindPrompt):
		return Source{Kind: KindPrompt}, nil
	}
	kind, arg, ok := strings.Cut(strings.TrimSpace(text), ":")
	s := Source{Kind: Kind(kind), Arg: strings.TrimSpace(arg)}
	if !ok || !s.Kind.takesArg() {
		return Source{}, &SourceError{Reason: "this is not a secret source, and a secret itself is never taken here", Hint: "use one of " + forms()}
	}
	return s, s.check()
}

func (k Kind) takesArg() bool {
	switch k {
	case KindEnv, KindFile, KindCommand, KindKeyring, KindSecrets:
		return true
	}
	return false
}

func (s Source) check() error {
	none := Source{Kind: s.Kind}
	switch {
	case s.Arg == "":
		return none.failed("nothing follows the colon", "use one of "+forms())
	case strings.ContainsFunc(s.Arg, isControl):
		return none.failed("it holds a control character", "write it in one line, without tabs")
	case s.Kind == KindEnv && strings.ContainsAny(s.Arg, "=$ "):
		return none.failed("this is not the name of a variable", "write the name alone, without $ and without =")
	case len(s.Arg) > 4096:
		return none.failed("it is longer than 4096 bytes", "put the steps in a script and name that")
	}
	return nil
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

func forms() string { return strings.Join(SourceForms(), ", ") }
