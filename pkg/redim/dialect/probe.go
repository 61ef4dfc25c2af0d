package dialect

// Probe is what an installation says it has.
type Probe struct {
	Address string   // of the help page
	Needed  []Probed // in the order of the dialect
	Others  []string // operations that the installation has and redim does not use, in order
}

// Probed is one operation that redim uses.
type Probed struct {
	Key      string
	Name     string // the service's name for it, as the dialect or its override has it
	Attested Attested
	Found    bool // the help page lists it
}
