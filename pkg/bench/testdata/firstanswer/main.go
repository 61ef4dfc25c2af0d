// Command firstanswer starts a server some times, one after the other, and
// tells how long each took from the start of its process to its first answer
// over TLS: the median, the least and the most, in milliseconds.
//
//	firstanswer [-n 20] URL COMMAND [ARGUMENT]...
package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"time"
)

func main() {
	n := flag.Int("n", 20, "how many times")
	flag.Parse()
	if flag.NArg() < 2 || *n < 1 {
		fmt.Fprintln(os.Stderr, "usage: firstanswer [-n 20] URL COMMAND [ARGUMENT]...")
		os.Exit(2)
	}
	var took []float64
	for range *n {
		d, err := start(flag.Arg(0), flag.Args()[1:])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		took = append(took, float64(d)/float64(time.Millisecond))
	}
	slices.Sort(took)
	fmt.Printf("%.1f %.1f %.1f\n", took[len(took)/2], took[0], took[len(took)-1])
}

// start measures once, and stops the server again.
func start(url string, command []string) (time.Duration, error) {
	cmd := exec.Command(command[0], command[1:]...)
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	err := errors.New("no answer in 30 s")
	for err != nil && time.Since(begin) < 30*time.Second {
		if err = ask(url); err != nil {
			time.Sleep(200 * time.Microsecond)
		}
	}
	took := time.Since(begin)
	_ = cmd.Process.Signal(os.Interrupt)
	_ = cmd.Wait()
	return took, err
}

// ask wants a 200 over a new connection. The certificate is a self-made one.
func ask(url string) error {
	t := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer t.CloseIdleConnections()
	answer, err := (&http.Client{Transport: t, Timeout: 5 * time.Second}).Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
