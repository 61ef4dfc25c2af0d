//go:build !unix

package storetest

import "os/exec"

func (*Server) own() error { return nil }

func unprivileged(*exec.Cmd) {}

func place() string { return "" }
