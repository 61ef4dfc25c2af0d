package engine

import (
	"context"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// Rules are the settings that decide a look-up and a spin. Each field is one
// key of the settings file.
type Rules struct {
	DefaultDomain      string
	FallbackToLocal    bool
	DomainMap          pam.DomainMap
	IncludeSharedLists bool
	PreferIP           bool
	SpinJobs           bool
	JobComment         string
	TemplateJobs       map[pam.StoreType]int64
}

// Engine serves the use cases over one source. Source, Clock and Rules must be
// set; Journal and NewID for CheckOut and CheckIn; Facts and Delegation for
// Review and spins. It is safe for concurrent use and not to be copied.
type Engine struct {
	Source     Source
	Journal    Journal
	Clock      Clock
	Rules      Rules
	Profile    string                                     // recorded with each checkout
	Service    string                                     // so is this: host and port; may be empty
	Command    string                                     // the program that hints name; may be empty
	NewID      func() string                              // makes checkout ids
	Process    int                                        // this process: it answers for what it checks out; 0 has nobody answer
	Pause      func(context.Context, time.Duration) error // nil: nothing is waited for
	Facts      Facts
	Delegation pam.Identity // who works on jobs; needs All Access there

	templates templates
}

// command is a command line as a hint names it.
func (e *Engine) command(words string) string {
	if e.Command == "" {
		return words
	}
	return e.Command + " " + words
}
