//go:build unix

package storetest

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// lowly is the user that the server runs as: us, unless we are root, whom
// PostgreSQL refuses.
func lowly() (uid, gid int, other bool) {
	if os.Getuid() != 0 {
		return os.Getuid(), os.Getgid(), false
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ = strconv.Atoi(u.Uid)
			gid, _ = strconv.Atoi(u.Gid)
			return uid, gid, true
		}
	}
	return 65534, 65534, true
}

func (s *Server) own() error {
	uid, gid, _ := lowly()
	return os.Chown(s.Dir, uid, gid)
}

func unprivileged(cmd *exec.Cmd) {
	if uid, gid, other := lowly(); other {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
}

// place is where the server's directory is made: the temporary directory, or
// /tmp when the server's user can't get into that one.
func place() string {
	dir := os.TempDir()
	if _, _, other := lowly(); other && !open(dir) {
		return "/tmp"
	}
	return dir
}

// open reports whether everybody may pass through dir and all above it.
func open(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o001 == 0 {
		return false
	}
	above := filepath.Dir(dir)
	return above == dir || open(above)
}
