package testsettings

import (
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
)

// outcome is one look-up and what came of it.
type outcome struct {
	line     int
	req      engine.FindRequest
	given    [2]string // user and endpoint as a line gave them
	finding  engine.Finding
	warnings []*pam.Failure
	err      error
}

// class is ok or the class of the failure.
func (o outcome) class() string {
	if o.err == nil {
		return "ok"
	}
	class, _, _ := cli.Describe(o.err)
	return string(class)
}

// document is an outcome in JSON and YAML.
type document struct {
	Line        int                  `json:"line,omitempty"`
	User        string               `json:"user"`
	Endpoint    string               `json:"endpoint"`
	Result      string               `json:"result"`
	Message     string               `json:"message,omitempty"`
	Hint        string               `json:"hint,omitempty"`
	Identity    string               `json:"identity,omitempty"`
	Credentials []cli.CredentialJSON `json:"credentials"`
	Warnings    []warning            `json:"warnings"`
	Unsaved     []Change             `json:"unsaved,omitempty"`
	Steps       []step               `json:"steps,omitempty"`
}

type warning struct {
	Class   string `json:"class"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

type step struct {
	Identity string `json:"identity"`
	Asked    string `json:"asked"`
	Setting  string `json:"setting"`
	Found    int    `json:"found"`
	Class    string `json:"class,omitempty"`
	Skipped  bool   `json:"skipped,omitempty"`
}

// Change is a setting given for this call over the saved one.
type Change struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	Saved string `json:"saved"`
}

func newDocument(o outcome, explain bool) document {
	d := document{
		Line: o.line, User: o.given[0], Endpoint: o.given[1], Result: o.class(), Identity: o.finding.Identity.String(),
		Credentials: []cli.CredentialJSON{}, Warnings: []warning{},
	}
	if o.line == 0 {
		d.User, d.Endpoint = o.req.User.String(), o.req.Endpoint.String()
	}
	if o.err != nil {
		_, d.Message, d.Hint = cli.Describe(o.err)
	}
	for _, c := range o.finding.Credentials {
		d.Credentials = append(d.Credentials, cli.NewCredentialJSON(c))
	}
	for _, w := range o.warnings {
		d.Warnings = append(d.Warnings, warning{Class: string(w.Class), Message: w.Message, Hint: w.Hint})
	}
	if explain {
		for _, s := range o.finding.Steps {
			d.Steps = append(d.Steps, step{Identity: s.Identity.String(), Asked: s.Asked, Setting: s.Setting, Found: s.Found, Class: string(s.Class), Skipped: s.Skipped})
		}
	}
	return d
}

func credentialList() render.List[pam.Credential] {
	return render.List[pam.Credential]{
		Columns: []render.Column[pam.Credential]{
			{Name: "KIND", Cell: func(c pam.Credential) any { return c.Kind.String() }},
			{Name: "ACCOUNT", Cell: func(c pam.Credential) any { return c.Account }},
			{Name: "SYSTEM", Cell: func(c pam.Credential) any { return c.System }},
			{Name: "LIST", Cell: func(c pam.Credential) any { return c.List }},
			{Name: "TYPE", Cell: func(c pam.Credential) any { return c.Type.String() }},
			{Name: "RANDOM", Cell: func(c pam.Credential) any { return c.Random }},
			{Name: "AUTO-SPIN", Cell: func(c pam.Credential) any { return c.AutoSpin }},
			{Name: "CHECKED OUT BY", Cell: func(c pam.Credential) any { return c.CheckedOutBy }},
		},
		JSON: func(c pam.Credential) any { return cli.NewCredentialJSON(c) },
	}
}

// warn tells warnings, and notes what is only worth a note.
func warn(opts *Options, warnings []*pam.Failure) {
	for _, w := range warnings {
		if w.Class == pam.ErrUnattested && !opts.Explain {
			opts.Say("note: %s: some operations in use are attested by no public material; --explain names them", w.Class)
			continue
		}
		opts.Say("warning: %s: %s", w.Class, w.Message)
		opts.Say("hint: %s", w.Hint)
	}
}

func checkFailOn(classes []string) error {
	for _, c := range classes {
		if c != "all" && !slices.Contains(warningClasses(), c) {
			return pam.Failf(pam.ErrUsage, "--fail-on %q is no class of warning", c).WithHint("use all, or one of %s", strings.Join(warningClasses(), ", "))
		}
	}
	return nil
}

// failOn returns the first warning whose class was named.
func failOn(classes []string, warnings []*pam.Failure) error {
	for _, w := range warnings {
		if slices.Contains(classes, "all") || slices.Contains(classes, string(w.Class)) {
			return w
		}
	}
	return nil
}

// unsaved compares the settings of --set with what is saved.
func unsaved(app *cli.App) func() ([]Change, error) {
	return func() ([]Change, error) {
		if len(app.Globals.Set) == 0 {
			return nil, nil
		}
		now, err := app.Load("")
		if err != nil {
			return nil, err
		}
		saved, err := app.LoadSaved("")
		if err != nil {
			return nil, err
		}
		return changes(now, saved), nil
	}
}

func changes(now, saved *config.Settings) []Change {
	var out []Change
	before := saved.Items()
	for i, item := range now.Items() {
		if item.Origin.Layer == config.LayerFlag && item.Text != before[i].Text {
			out = append(out, Change{Key: item.Name, Value: item.Text, Saved: before[i].Text})
		}
	}
	return out
}
