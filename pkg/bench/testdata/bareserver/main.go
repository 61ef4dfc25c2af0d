// Command bareserver is what vault serve is measured beside. GET /hello answers
// a constant. POST /checkout, with -db, is the least that a durable check-out
// can be: a token and an address are looked at, a secret is opened, a lease and
// an event are added in one transaction that all who wait share, and the answer
// follows the commit. There are no rules, no indexes, no chain and no log.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
)

const hello = `{"id":"co_0123456789abcdefghijklmnop","state":"open","system":"web00001","account":"svc","secret_version":1,"checked_out_at":"2026-01-01T00:00:00Z","expires_at":"2026-01-01T01:00:00Z","comment":"load"}` + "\n"

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address and port")
	cert := flag.String("cert", "", "certificate")
	key := flag.String("key", "", "its key")
	db := flag.String("db", "", "new SQLite file for check-outs")
	flag.Parse()
	if err := serve(*listen, *cert, *key, *db); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(listen, cert, key, db string) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(hello))
	})
	if db != "" {
		c, err := newCheckouts(db)
		if err != nil {
			return err
		}
		go c.write()
		mux.HandleFunc("POST /checkout", c.answer)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	fmt.Printf("ready https://%s\n", l.Addr())
	server := &http.Server{Handler: mux, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12}}
	return server.ServeTLS(l, cert, key)
}
