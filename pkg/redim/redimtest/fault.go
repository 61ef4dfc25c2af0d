package redimtest

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// The kinds of fault. docs/simulate.md describes each.
const (
	faultDelay     = "delay"
	faultHang      = "hang"
	faultDrop      = "drop"
	faultDropReply = "drop-reply"
	faultLate      = "late"
	faultTruncate  = "truncate"
	faultStatus    = "status"
	fault401After  = "401-after"
	faultHTML      = "html"
	faultOversized = "oversized"
	faultSkew      = "skew"
	faultRevoke    = "revoke-after"
	faultRedirect  = "redirect"
	faultFailJob   = "fail-job"
)

func faultKinds() []string {
	return []string{
		faultDelay, faultHang, faultDrop, faultDropReply, faultLate, faultTruncate, faultStatus, fault401After,
		faultHTML, faultOversized, faultSkew, faultRevoke, faultRedirect, faultFailJob,
	}
}

// fault is one thing that goes wrong on demand.
type fault struct {
	spec       string
	operation  string // its name, or what follows the last _ in it; empty: every operation
	kind       string
	duration   time.Duration // of delay, late and skew
	status     int
	size       int           // of an oversized reply, in bytes
	target     *url.URL      // of a redirect
	retryAfter time.Duration // negative: no header
	after      int           // so many requests are spared
	times      int           // how often at most; 0: always
	signedOnly bool          // only operations that carry a token

	seen, hit int
}

// parseFault reads [OPERATION:]KIND[=VALUE][*TIMES][,OPTION=VALUE]...
func parseFault(spec string) (*fault, error) {
	head, options, _ := strings.Cut(strings.TrimSpace(spec), ",")
	f := &fault{spec: strings.TrimSpace(spec), retryAfter: -1}
	if op, rest, ok := strings.Cut(head, ":"); ok && !strings.Contains(op, "=") {
		f.operation, head = op, rest
		if !slices.ContainsFunc(operationNames(), func(n string) bool { return named(n, op) }) {
			return nil, faultFailure(spec, "no operation is named %s", op)
		}
	}
	if i := strings.LastIndexByte(head, '*'); i >= 0 {
		times, err := strconv.Atoi(head[i+1:])
		if err != nil || times < 1 {
			return nil, faultFailure(spec, "%q after * is not a number of times", head[i+1:])
		}
		f.times, head = times, head[:i]
	}
	kind, value, given := strings.Cut(head, "=")
	f.kind = strings.ToLower(kind)
	if problem := f.setValue(value, given); problem != "" {
		return nil, faultFailure(spec, "%s", problem)
	}
	return f, f.setOptions(options)
}

func faultFailure(spec, format string, args ...any) error {
	f := pam.Failf(pam.ErrUsage, format, args...)
	f.Message = "fault " + strconv.Quote(spec) + ": " + f.Message
	return f.WithHint("write [OPERATION:]KIND[=VALUE][*TIMES], where KIND is one of %s; for example DoLogin2:delay=50ms or status=503*2,retry-after=1", strings.Join(faultKinds(), ", "))
}

// named reports whether an operation's name is given, whole or by what follows
// the last underscore.
func named(operation, given string) bool {
	return strings.EqualFold(operation, given) || strings.EqualFold(operation[strings.LastIndexByte(operation, '_')+1:], given)
}

// setValue reads what stands after the = of each kind, and says what is wrong.
func (f *fault) setValue(value string, given bool) string {
	switch f.kind {
	case faultDelay, faultLate, faultSkew:
		return f.setDuration(value)
	case faultStatus:
		return f.setStatus(value)
	case fault401After, faultRevoke:
		return f.setAfter(value)
	case faultOversized:
		return f.setSize(value, given)
	case faultRedirect:
		return f.setTarget(value, given)
	case faultHang, faultDrop, faultDropReply, faultTruncate, faultHTML, faultFailJob:
		if given {
			return f.kind + " takes no value"
		}
		return ""
	}
	return "there is no fault " + strconv.Quote(f.kind)
}

func (f *fault) setDuration(value string) string {
	d, err := time.ParseDuration(value)
	if err != nil || f.kind != faultSkew && d < 0 {
		return strconv.Quote(value) + " is not a duration such as 50ms or 5m"
	}
	f.duration = d
	return ""
}

func (f *fault) setStatus(value string) string {
	n, err := strconv.Atoi(value)
	if err != nil || n < 400 || n > 599 {
		return strconv.Quote(value) + " is not a status from 400 to 599"
	}
	f.status = n
	return ""
}

func (f *fault) setAfter(value string) string {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return strconv.Quote(value) + " is not a number of requests"
	}
	f.after, f.signedOnly = n, true
	if f.kind == fault401After {
		f.kind, f.status = faultStatus, 401
	} else if f.times == 0 {
		f.times = 1
	}
	return ""
}

func (f *fault) setSize(value string, given bool) string {
	f.size = 10 << 20
	if !given {
		return ""
	}
	digits, unit := value, 1
	for suffix, factor := range map[string]int{"kb": 1 << 10, "mb": 1 << 20} {
		if front, ok := strings.CutSuffix(strings.ToLower(value), suffix); ok {
			digits, unit = front, factor
		}
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > 1<<30/unit || n*unit < 2 {
		return strconv.Quote(value) + " is not a size of at most 1024MB such as 10MB"
	}
	f.size = n * unit
	return ""
}

func (f *fault) setTarget(value string, given bool) string {
	if !given {
		value = "https://redirect.invalid"
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return strconv.Quote(value) + " is not a URL such as https://other.example.org"
	}
	f.target = u
	return ""
}

// setOptions reads what follows the first comma.
func (f *fault) setOptions(options string) error {
	if options == "" {
		return nil
	}
	for option := range strings.SplitSeq(options, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(option), "=")
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return faultFailure(f.spec, "option %s needs a number", name)
		}
		switch {
		case name == "times" && n > 0:
			f.times = n
		case name == "after":
			f.after = n
		case name == "retry-after" && f.kind == faultStatus:
			f.retryAfter = time.Duration(n) * time.Second
		default:
			return faultFailure(f.spec, "%s is not an option here; there are times, after, and with status retry-after", option)
		}
	}
	return nil
}

// strikes counts a request, and reports whether the fault hits it.
func (f *fault) strikes(op *operation) bool {
	if f.operation != "" && !named(op.name, f.operation) || f.signedOnly && !op.signed {
		return false
	}
	if f.kind == faultFailJob && op.name != createJobName {
		return false
	}
	f.seen++
	if f.seen <= f.after || f.times > 0 && f.hit >= f.times {
		return false
	}
	f.hit++
	return true
}
