package audit

import (
	"bufio"
	"encoding/json"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

func newScanner(in io.Reader) *bufio.Scanner {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	return lines
}

// Line writes a record in one of the formats of an export, without the end of
// the line.
type Line func(Record) ([]byte, error)

// JSON is the format jsonl: all of the record, fit to be verified later.
func JSON(r Record) ([]byte, error) { return json.Marshal(r) }

// CEF is the common event format, version 0.
func CEF(r Record) ([]byte, error) {
	e := r.Event
	b := []byte("CEF:0|redim-tools|vault|1|")
	b = append(b, header(string(e.Kind))...)
	b = append(b, '|')
	b = append(b, header(strings.NewReplacer(".", " ", "_", " ").Replace(string(e.Kind)))...)
	b = append(b, '|')
	b = strconv.AppendInt(b, int64(10-severity(e)), 10)
	b = append(b, "|rt="...)
	b = strconv.AppendInt(b, e.Time.UnixMilli(), 10)
	for _, f := range fields(r) {
		if f.value != "" {
			b = append(b, ' ')
			b = append(b, f.name...)
			b = append(b, '=')
			b = append(b, extension(f.value)...)
		}
	}
	return b, nil
}

type field struct{ name, value string }

// fields are the extensions in the dictionary of the format; where it has no
// word, a custom text with its label.
func fields(r Record) []field {
	e := r.Event
	out := []field{
		{"externalId", r.Chain + ":" + strconv.FormatUint(r.Seq, 10)}, {"suser", e.Actor},
		{"outcome", e.Outcome}, {"reason", e.Reason}, {"msg", e.Comment}, {"fileHash", r.Hash.String()},
	}
	if e.Call != "" {
		out = append(out, field{"requestContext", e.Call})
	}
	if _, err := netip.ParseAddr(e.Address); err == nil {
		out = append(out, field{"src", e.Address})
	}
	for i, f := range []field{
		{"integration", e.Integration}, {"credential", e.Credential}, {"lease", e.Lease},
		{"request", e.Request}, {"ticket", e.Ticket}, {"justification", e.Justification},
	} {
		if f.value != "" {
			n := strconv.Itoa(i + 1)
			out = append(out, field{"cs" + n + "Label", f.name}, field{"cs" + n, f.value})
		}
	}
	return out
}

// Syslog makes lines after RFC 5424 of facility 13, log audit, for a host. The
// message is the record as JSON.
func Syslog(host string) Line {
	if host == "" {
		host = "-"
	}
	return func(r Record) ([]byte, error) {
		message, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		b := []byte("<" + strconv.Itoa(13*8+severity(r.Event)) + ">1 ")
		b = r.Event.Time.UTC().AppendFormat(b, time.RFC3339Nano)
		b = append(b, " "+word(host, 255)+" vault - "+word(string(r.Event.Kind), 32)+" - "...)
		return append(b, message...), nil
	}
}

// severity after RFC 5424: 6 informational, 5 notice, 4 warning.
func severity(e Event) int {
	switch {
	case e.Kind == ApprovalSkipped || e.Kind == IntegrationDeleted || e.Kind == CredentialDeleted || e.Kind == KeyRotated:
		return 5
	case e.Outcome != "" && e.Outcome != OutcomeReleased && e.Outcome != OutcomeDone:
		return 4
	}
	return 6
}

func header(text string) string {
	return strings.NewReplacer(`\`, `\\`, `|`, `\|`, "\n", " ", "\r", " ").Replace(text)
}

func extension(text string) string {
	return strings.NewReplacer(`\`, `\\`, `=`, `\=`, "\n", `\n`, "\r", `\r`).Replace(text)
}

// word is text as a word of a syslog header: printable ASCII without blanks.
func word(text string, longest int) string {
	out := strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '_'
		}
		return r
	}, text)
	return out[:min(len(out), longest)]
}
