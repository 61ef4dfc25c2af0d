package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

// simulate starts a stand-in server that lives as long as the script.
func simulate(ts *testscript.TestScript, args []string) {
	opts, dir, err := simulateFlags(ts, args)
	ts.Check(err)
	server, err := redimtest.Start(opts)
	ts.Check(err)
	ts.Defer(func() { _ = server.Close() })
	ts.Check(server.WriteDir(dir))
	watchOf(ts).allow(filepath.Join(dir, "password"))
	ts.Setenv("SIM", dir)
	ts.Setenv("URL", server.URL())
	ts.Setenv("REDIM_CONFIG", filepath.Join(dir, "settings.yaml"))
}

func simulateFlags(ts *testscript.TestScript, args []string) (redimtest.Options, string, error) {
	var opts redimtest.Options
	f := flag.NewFlagSet("simulate", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	dir := f.String("dir", "sim", "where its files go")
	estate := f.String("estate", "", "estate file")
	errs := f.String("errors", "", "profile of error answers")
	cert := f.String("cert", "", "what is wrong with the certificate")
	f.StringVar(&opts.Dialect, "dialect", "", "the only interface")
	f.BoolVar(&opts.PlainHTTP, "plain-http", false, "no TLS")
	f.Func("fault", "a fault", func(s string) error { opts.Faults = append(opts.Faults, s); return nil })
	if err := f.Parse(args); err != nil {
		return opts, "", err
	}
	if spoken := ts.Getenv("DIALECT"); opts.Dialect == "" && spoken != dialect.Spoken()[0] {
		opts.Dialect = spoken
	}
	for i := range opts.Faults {
		opts.Faults[i] = inNames(ts.Getenv("DIALECT"), opts.Faults[i])
	}
	opts.Errors, opts.TLS = redimtest.ErrorProfile(*errs), redimtest.TLSMode(*cert)
	if *estate != "" {
		e, err := redimtest.LoadEstate(ts.MkAbs(*estate))
		if err != nil {
			return opts, "", err
		}
		opts.Estate = e
	}
	return opts, ts.MkAbs(*dir), nil
}

// stats compares one counter; an operation that was never asked for counts 0.
func stats(ts *testscript.TestScript, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: stats PATH WANT")
	}
	doc, err := ask(ts, http.MethodGet, "stats", "")
	ts.Check(err)
	got, err := pick([]byte(doc), inNames(ts.Getenv("DIALECT"), args[0]))
	ts.Check(err)
	if got == "absent" && strings.HasPrefix(args[0], "operations.") {
		got = "0"
	}
	if got != args[1] {
		ts.Fatalf("%s is %s, want %s; all counters: %s", args[0], got, args[1], doc)
	}
}

// served writes what the server tells of itself to standard output.
func served(ts *testscript.TestScript, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: served stats|events|jobs|faults")
	}
	doc, err := ask(ts, http.MethodGet, args[0], "")
	ts.Check(err)
	_, err = io.WriteString(ts.Stdout(), doc)
	ts.Check(err)
}

func setFaults(ts *testscript.TestScript, args []string) {
	_, err := ask(ts, http.MethodPost, "faults", inNames(ts.Getenv("DIALECT"), strings.Join(args, "\n")))
	ts.Check(err)
}

func advance(ts *testscript.TestScript, args []string) {
	_, err := ask(ts, http.MethodPost, "advance", strings.Join(args, ""))
	ts.Check(err)
}

// ask puts a question to the server whose files are in $SIM, whoever runs it.
func ask(ts *testscript.TestScript, method, what, body string) (string, error) {
	dir := ts.Getenv("SIM")
	if dir == "" {
		return "", fmt.Errorf("there is no server: begin with simulate, or set SIM")
	}
	address := strings.TrimSpace(ts.ReadFile(filepath.Join(dir, "address")))
	pool := x509.NewCertPool()
	if strings.HasPrefix(address, "https:") {
		pool.AppendCertsFromPEM([]byte(ts.ReadFile(filepath.Join(dir, "ca.pem"))))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address+"/-/"+what, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, answer)
	}
	return string(answer), err
}
