package config

import "github.com/redim-tools/redim/pkg/secret"

// Rehearse lets change work on a copy of the settings file at path, to see what
// would come out: nothing is locked, made or written. Its error is that of
// reading the file, or that of change.
func Rehearse(path string, change func(*File) error) error {
	d, err := readDocument(behindLinks(path))
	if err != nil {
		return err
	}
	return change(&File{path: d.path, data: d.data})
}

// Has reports whether the file has a profile of that name.
func (f *File) Has(profile string) bool {
	_, ok := f.document().find(profile)
	return ok
}

// Settings are those of a profile by this file alone, without the environment
// and flags. Values that can't be understood are pam.ErrUsage.
func (f *File) Settings(profile string) (*Settings, error) {
	o := fileOnly()
	o.Profile = profile
	return f.Load(o)
}

// Load is the function Load with this text in the place of the file, and with
// no need that the profile is in it.
func (f *File) Load(o Options) (*Settings, error) {
	d := f.document()
	if err := AsError(d.problems); err != nil {
		return nil, err
	}
	s, problems := o.load(d, o.profile())
	return s, AsError(problems)
}

// Item is one setting of a profile by this file alone, whatever else is wrong
// with the file. Errors are those of Settings.Get.
func (f *File) Item(profile, name string) (Item, error) {
	s, _ := fileOnly().load(f.document(), profile)
	return s.Get(name)
}

// Source is where a profile has a secret from, by this file alone; the zero Source
// where it names none.
func (f *File) Source(profile, name string) secret.Source {
	s, _ := fileOnly().load(f.document(), profile)
	return s.sources()[name]
}

// ProfileName is the profile that Load reads: Options.Profile, REDIM_PROFILE
// or DefaultProfile.
func (o Options) ProfileName() string { return o.profile() }
