package redim

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/redim-tools/redim/pkg/pam"
)

func TestAReplyIsBoundedHoweverItComes(t *testing.T) {
	t.Parallel()
	for size, tooLong := range map[int]bool{0: false, 1: false, maxReply - 1: false, maxReply: false, maxReply + 1: true, maxReply + 100: true, 2*maxReply + 1: true} {
		for name, how := range map[string]func(io.Reader) io.Reader{
			"with its end": iotest.DataErrReader, "and then its end": func(r io.Reader) io.Reader { return r }, "in halves": iotest.HalfReader,
		} {
			for _, announced := range []int64{-1, int64(size)} {
				body := how(strings.NewReader(strings.Repeat("x", size)))
				got, err := readReply(&http.Response{Body: io.NopCloser(body), ContentLength: announced})
				if tooLong != errors.Is(err, pam.ErrProtocol) || !tooLong && (err != nil || len(got) != size) {
					t.Errorf("%d bytes %s, %d announced: %d, %v", size, name, announced, len(got), err)
				}
			}
		}
	}
}
