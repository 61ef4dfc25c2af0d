package e2e

import (
	"errors"
	"os/exec"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

type command = func(ts *testscript.TestScript, neg bool, args []string)

// commands are what scripts can do beyond testscript's own.
func commands() map[string]command {
	return map[string]command{
		"exits":        positive(exits),
		"reveal":       positive(reveal),
		"serving":      positive(serving),
		"demo":         positive(demo),
		"simulate":     positive(simulate),
		"guarded":      positive(guarded),
		"kdc":          positive(kdc),
		"faults":       positive(setFaults),
		"advance":      positive(advance),
		"stats":        positive(stats),
		"served":       positive(served),
		"jsonpath":     positive(jsonPath),
		"fields":       positive(fields),
		"canary-allow": positive(canaryAllow),
		"column":       positive(column),
	}
}

// positive refuses a "!" before a command that has its own way to say no.
func positive(run func(ts *testscript.TestScript, args []string)) command {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("this command can't be negated")
		}
		run(ts, args)
	}
}

// exits runs a program and wants an exact exit code.
func exits(ts *testscript.TestScript, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits N prog args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// reveal runs a program whose output may hold a secret.
func reveal(ts *testscript.TestScript, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: reveal [exits N] prog args...")
	}
	if args[0] == "exits" {
		exits(ts, args[1:])
		return
	}
	exits(ts, append([]string{"0"}, args...))
}

// canaryAllow lets files hold a secret.
func canaryAllow(ts *testscript.TestScript, args []string) {
	for _, path := range args {
		watchOf(ts).allow(ts.MkAbs(path))
	}
}
