package handout

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/secret"
)

// sink is where the result goes. With --out the file is made before the
// credential is asked for, so that a place that can't be written costs nothing.
type sink struct {
	opts *Options
	file *os.File
}

func (o *Options) open() (*sink, error) {
	s := &sink{opts: o}
	if o.Out == "" {
		return s, nil
	}
	f, err := os.OpenFile(o.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, pam.Failf(pam.ErrUsage, "%s exists already", o.Out).WithHint("name another file, or remove it first; nothing was checked out")
	}
	if err != nil {
		return nil, pam.Failf(pam.ErrUsage, "%w", err).WithHint("name a file in a directory that you may write to; nothing was checked out")
	}
	s.file = f
	return s, nil
}

// discard removes a file that has stayed empty.
func (s *sink) discard() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}

func (s *sink) write(c pam.Checkout, r pam.Release) error {
	if err := s.opts.LogMask.Write(r.Secret); err != nil {
		return err
	}
	if s.file != nil {
		if err := writeFile(s.file, r.Secret); err != nil {
			return err
		}
	}
	switch {
	case s.opts.Field != "" && !render.Format(s.opts.Output).Structured():
		return writeField(s.opts, c, r)
	case s.opts.Output == "env":
		return writeEnv(s.opts.Streams.Out, s.opts.Shell, c, r.Secret)
	}
	return s.writeDocument(c, r)
}

func writeFile(f *os.File, v secret.Value) error {
	err := v.Reveal(func(b []byte) error {
		_, err := f.Write(b)
		return err
	})
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// document is the result in JSON and YAML.
type document struct {
	ID         string             `json:"id"`
	Identity   string             `json:"identity"`
	Username   string             `json:"username"`
	Credential cli.CredentialJSON `json:"credential"`
	Comment    string             `json:"comment,omitempty"`
	Ticket     string             `json:"ticket,omitempty"`
	Due        time.Time          `json:"due,omitzero"`
	Password   *string            `json:"password,omitempty"`
}

func (s *sink) writeDocument(c pam.Checkout, r pam.Release) error {
	doc := document{ID: c.ID, Identity: c.Identity.String(), Username: Username(c.Credential), Credential: cli.NewCredentialJSON(c.Credential), Comment: c.Comment, Ticket: c.Ticket, Due: c.Due}
	shown := any(r.Secret)
	if s.opts.Reveal || s.opts.Field == "password" {
		text := reveal(r.Secret)
		shown, doc.Password = text, &text
	} else if s.file == nil {
		s.opts.Say("the password is not shown: use --reveal, --field password in a pipe, or --out FILE")
	}
	return render.One(s.opts.Streams, render.Format(s.opts.Output), doc, []render.Field{
		{Name: "ID", Value: c.ID},
		{Name: "Username", Value: doc.Username},
		{Name: "Password", Value: shown},
		{Name: "System", Value: c.Credential.System},
		{Name: "Identity", Value: doc.Identity},
		{Name: "Due", Value: c.Due},
	})
}

// reveal copies a secret into a text, for the one document that may show it.
func reveal(v secret.Value) string {
	var text string
	_ = v.Reveal(func(b []byte) error { text = string(b); return nil })
	return text
}

// Username is the account as a log-in wants it.
func Username(c pam.Credential) string {
	if c.Kind == pam.KindDomain {
		return c.Namespace + `\` + c.Account
	}
	return c.Account
}

// Field is one field of what was checked out: the account, the user name as a
// log-in wants it, the system, the id of the checkout, or the password itself,
// which is r's own and not a copy.
func Field(name string, c pam.Checkout, r pam.Release) secret.Value {
	switch name {
	case "password":
		return r.Secret
	case "username":
		return secret.FromString(Username(c.Credential))
	case "account":
		return secret.FromString(c.Credential.Account)
	case "system":
		return secret.FromString(c.Credential.System)
	case "id":
		return secret.FromString(c.ID)
	}
	return secret.Value{}
}

func writeField(opts *Options, c pam.Checkout, r pam.Release) error {
	return Field(opts.Field, c, r).Reveal(func(b []byte) error {
		buf := append(append(make([]byte, 0, len(b)+1), b...), '\n')
		defer clear(buf)
		_, err := opts.Streams.Out.Write(buf)
		return err
	})
}
