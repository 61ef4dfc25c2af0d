package prompt

import (
	"context"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// tries is how often a secret may be typed in two ways.
const tries = 3

// NewSecret asks for a secret that is not known yet: twice, because nobody sees
// what is typed. ErrUsage when both were different each time. An empty answer
// is returned as it is.
func NewSecret(ctx context.Context, p Prompter, q Question) (secret.Value, error) {
	label := q.Label
	for range tries {
		first, err := p.Secret(ctx, q)
		if err != nil || first.IsEmpty() {
			return first, err
		}
		again, err := p.Secret(ctx, Question{Label: label + " again", Flag: q.Flag})
		if err != nil {
			first.Wipe()
			return secret.Value{}, err
		}
		same := first.Equal(again)
		again.Wipe()
		if same {
			return first, nil
		}
		first.Wipe()
		q.Label = "The two were not the same. " + label
	}
	return secret.Value{}, pam.Failf(pam.ErrUsage, "%s was typed in two ways, %d times", label, tries).WithHint("nothing was changed; try again, or pass %s", q.Flag)
}
