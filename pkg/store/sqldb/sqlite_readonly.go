package sqldb

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/redim-tools/redim/pkg/pam"
)

// onlyReadable reports whether a file is there that this process can't change, or
// that is in a directory where SQLite can't make the log that changes need.
func onlyReadable(path string) bool {
	if _, err := os.Stat(path); err != nil {
		return false
	}
	if !writable(path) {
		return true
	}
	_, err := os.Stat(path + "-wal")
	return errors.Is(err, fs.ErrNotExist) && !writable(filepath.Dir(path))
}

// errFixed tells what was found when the file was opened.
var errFixed = errors.New("the file or its directory can't be written to")

// errReadOnly refuses to write into a store that can only be read.
func errReadOnly(a Address, cause error) error {
	return pam.Failf(pam.ErrJournal, "the store %s is read-only: %w", a, cause).WithHint("give this user write access to %s and to its directory; nothing was changed", a.Path)
}

// readDSN opens for reading what readers of the file may open.
func (d *lite) readDSN() string {
	if !d.fixed {
		return liteDSN(d.at.Path, readerCache)
	}
	return liteFixed(d.at.Path)
}

// liteFixed opens a file that can't be changed from here. Without a log beside
// it nothing is taken for shared, for then SQLite would make one.
func liteFixed(path string) string {
	u := fileURL(path)
	query := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)", "temp_store(memory)", "trusted_schema(0)"}, "_dqs": {"0"}}
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
		query.Set("immutable", "1")
	}
	u.RawQuery = query.Encode()
	return u.String()
}
