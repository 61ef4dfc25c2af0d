package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/redim-tools/redim/pkg/negotiate/kdctest"
)

// kdcPassword is that of every user of a script's KDC.
const kdcPassword = "c4nary-k/+Pw"

type kdcKey struct{}

// kdc is what a script does with a real Kerberos KDC of its own:
//
//	kdc start REALM USER...    starts it and sets KRB5_CONFIG
//	kdc service SPN KEYTAB     adds a service or renews its key, and writes that
//	kdc keytab USER KEYTAB     writes the key of a user
//	kdc kinit USER [FLAGS]     gets a ticket and sets KRB5CCNAME
//	kdc clock DURATION         starts it again with a clock that is ahead, or behind
//	kdc stop
//
// Its files are outside of the script's directory: they hold keys.
func kdc(ts *testscript.TestScript, args []string) {
	if len(args) > 2 && args[0] == "start" {
		startKDC(ts, args[1], args[2:])
		return
	}
	k, _ := ts.Value(kdcKey{}).(**kdctest.KDC)
	if k == nil || *k == nil {
		ts.Fatalf("there is no KDC: kdc start REALM USER...")
	}
	switch {
	case len(args) == 3 && args[0] == "service":
		ts.Check((*k).AddService(args[1], ts.MkAbs(args[2])))
	case len(args) == 3 && args[0] == "keytab":
		ts.Check((*k).ExportKeytab(args[1], ts.MkAbs(args[2]), "-norandkey"))
	case len(args) > 1 && args[0] == "kinit":
		cache, err := (*k).Kinit(args[1], kdcPassword, args[2:]...)
		ts.Check(err)
		ts.Setenv("KRB5CCNAME", "FILE:"+cache)
	case len(args) == 2 && args[0] == "clock":
		ahead, err := time.ParseDuration(args[1])
		ts.Check(err)
		skipMissing(ts, (*k).Restart(ahead))
	case len(args) == 1 && args[0] == "stop":
		(*k).Stop()
	default:
		ts.Fatalf("usage: kdc start|service|keytab|kinit|clock|stop ...")
	}
}

func startKDC(ts *testscript.TestScript, realm string, users []string) {
	dir, err := os.MkdirTemp("", "kdc-")
	ts.Check(err)
	ts.Defer(func() { _ = os.RemoveAll(dir) })
	k, err := kdctest.StartMIT(dir, realm)
	skipMissing(ts, err)
	ts.Defer(k.Stop)
	for _, user := range users {
		ts.Check(k.AddUser(user, kdcPassword))
	}
	place, ok := ts.Value(kdcKey{}).(**kdctest.KDC)
	if !ok {
		ts.Fatalf("the script has no place for a KDC")
	}
	*place = k
	ts.Setenv("KRB5_CONFIG", k.Config)
	ts.Setenv("KRB5CCNAME", "FILE:"+filepath.Join(dir, "none"))
}

// skipMissing skips the script where a program is not installed.
func skipMissing(ts *testscript.TestScript, err error) {
	if errors.Is(err, kdctest.ErrMissing) {
		watchOf(ts).Skip(err)
	}
	ts.Check(err)
}

func newKDCPlace() any { return new(*kdctest.KDC) }
