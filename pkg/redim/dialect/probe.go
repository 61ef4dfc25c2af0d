package dialect

// Survey is what an installation says of its interfaces.
type Survey struct {
	Pages       []Page // one for each dialect, the newest interface first
	Recommended string // the dialect that lacks least; empty when none can be spoken
}

// Page is what the help page of one interface says.
type Page struct {
	Dialect string
	Address string   // of the help page
	Problem string   // why it could not be read; empty when it was
	Needed  []Probed // in the order of the dialect; empty with a problem
	Others  []string // operations that are there and not used here, in order
}

// Probed is one operation that redim uses.
type Probed struct {
	Key      string
	Name     string // the service's name for it, as the dialect or its override has it
	Method   string
	Path     string // below the web application
	Attested Attested
	Found    bool     // a help page lists it
	Instead  []string // where it is missing: what is there and has a like name, the likest first
}

// Missing lists the operations that no help page lists.
func (p Page) Missing() []Probed {
	var out []Probed
	for _, n := range p.Needed {
		if !n.Found {
			out = append(out, n)
		}
	}
	return out
}

// Page finds the page of a dialect.
func (s Survey) Page(dialect string) (Page, bool) {
	for _, p := range s.Pages {
		if p.Dialect == dialect {
			return p, true
		}
	}
	return Page{}, false
}
