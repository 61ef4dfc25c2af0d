package integrations

import (
	"context"

	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/prompt"
)

// converse shows the search as a form: each criterion with its value, and what
// can be done with them.
func (o *SearchOptions) converse(ctx context.Context, v *vaultcli.Vault) error {
	for {
		what, err := o.choose(ctx)
		if err != nil {
			return err
		}
		switch what {
		case 0:
			err = o.once(ctx, v)
		case 5:
			o.Criteria, o.Cursor = Criteria{Active: "both", Auth: "both"}, ""
			o.Say("the search is cleared: it finds everything")
		case 6:
			return nil
		default:
			err = o.ask(ctx, what)
		}
		if err != nil {
			return err
		}
	}
}

func (o *SearchOptions) choose(ctx context.Context) (int, error) {
	return o.Prompt().Select(ctx, prompt.Question{Label: "Search for integrations", Flag: "the criteria as flags instead of --interactive"}, []string{
		"Search", "Name: " + o.Name, "Description: " + o.Description, "Active: " + o.Active, "Authentication: " + o.Auth, "Clear search", "Done",
	})
}

// ask asks for one criterion; a new one begins at the first page again.
func (o *SearchOptions) ask(ctx context.Context, what int) (err error) {
	o.Cursor = ""
	before := o.Criteria
	switch what {
	case 1:
		o.Name, err = o.Prompt().Text(ctx, prompt.Question{Label: "Name", Help: "a part of it, or all of it with * for any text"})
	case 2:
		o.Description, err = o.Prompt().Text(ctx, prompt.Question{Label: "Description", Help: "words, in any order"})
	case 3:
		o.Active, err = pick(ctx, o.Prompt(), prompt.Question{Label: "Active", Default: o.Active}, "both", "yes", "no")
	case 4:
		o.Auth, err = pick(ctx, o.Prompt(), prompt.Question{Label: "Authentication", Default: o.Auth}, "both", "application", "windows")
	}
	if err != nil {
		return err
	}
	if _, wrong := o.criteria(); wrong != nil {
		o.Criteria = before
		o.Say("%v", wrong)
	}
	return nil
}

// pick asks for one of a few words.
func pick(ctx context.Context, p prompt.Prompter, q prompt.Question, words ...string) (string, error) {
	n, err := p.Select(ctx, q, words)
	if err != nil {
		return "", err
	}
	return words[n], nil
}
