package secret

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
)

func (r Resolver) file(s Source) ([]byte, error) {
	read := r.ReadFile
	if read == nil {
		read = r.readFile
	}
	b, err := read(s.Arg)
	if err != nil {
		return nil, s.failed(reasonOf(err), fileHint(err))
	}
	return b, nil
}

// readFile reads a file of bounded size and warns when others may read it too.
func (r Resolver) readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.New("this is a directory")
	}
	if r.Warn != nil && Loose(info) {
		r.Warn("others may read the secret in " + path + "; use: chmod 600 " + path)
	}
	return readBounded(f)
}

// Loose reports whether the mode of a file lets the group or others at it.
// Windows keeps no such mode, so there it is false.
func Loose(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0
}

func fileHint(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "check the path; one that is not absolute starts at the settings file's folder, or where you are"
	case errors.Is(err, fs.ErrPermission):
		return "the file must be readable by the user that runs this command, and best by no one else"
	}
	return "name a file that holds the secret and nothing else"
}
