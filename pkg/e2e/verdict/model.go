package verdict

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Answer is what a call comes to.
type Answer string

// The answers.
const (
	In         Answer = "in"         // signed in, or the token was taken
	Refused    Answer = "refused"    // it is not told why
	Denied     Answer = "denied"     // it may not
	Released   Answer = "released"   // it has the secret
	Pending    Answer = "pending"    // an approval is needed first
	Held       Answer = "held"       // by somebody else
	HeldItself Answer = "held by it" // by the caller itself
	Taken      Answer = "taken"      // the word of an approver
	Over       Answer = "over"       // it came too late, or for the second time
)

// Outcome is what is to come of a case. What is empty does not come about.
type Outcome struct {
	LogIn   Answer
	Call    Answer        // was the token taken?
	First   Answer        // of the check-out
	Words   []Answer      // of the approvers
	Second  Answer        // of the check-out after that
	Third   Answer        // and once more
	Hold    time.Duration // where it was released
	Skipped bool          // without the approval that would be needed
}

// TokenLife is how long a token is good.
const TokenLife = 15 * time.Minute

// CollectTime is how long an approved request waits.
const CollectTime = 24 * time.Hour

// Expect is what the documentation promises.
func (c Case) Expect() Outcome {
	var o Outcome
	if o.LogIn = c.logIn(); o.LogIn != In {
		return o
	}
	if o.Call = c.call(); o.Call != In {
		return o
	}
	o.First, o.Hold, o.Skipped = c.first()
	if o.First == Pending {
		o.Second, o.Words = c.wait()
		if o.Second == Released {
			o.Hold, o.Third = c.hold(), c.again()
		}
	}
	return o
}

// logIn: who is not proven is refused, and not told more; who is, but is not
// active or not at an allowed address, is denied.
func (c Case) logIn() Answer {
	switch {
	case c.Proof != Right:
		return Refused
	case !c.Active || !within(c.Allowed, c.From):
		return Denied
	}
	return In
}

func within(networks []string, a netip.Addr) bool {
	for _, text := range networks {
		if p, err := netip.ParsePrefix(text); err == nil && p.Contains(a.Unmap()) {
			return true
		}
		if one, err := netip.ParseAddr(text); err == nil && one == a.Unmap() {
			return true
		}
	}
	return false
}

// call: a token is good from the address that asked for it, for its time, and
// until something happens to its integration that ends it.
func (c Case) call() Answer {
	harmless := c.Meanwhile == Nothing || c.Meanwhile == Described || c.Meanwhile == Widened
	if c.Invented || !harmless || c.Passed >= TokenLife || c.CallFrom.Unmap() != c.From.Unmap() {
		return Refused
	}
	return In
}

// first: granted, not for too long, approved, not held; in this order.
func (c Case) first() (Answer, time.Duration, bool) {
	skipped := false
	switch {
	case !c.granted() || !c.Kept:
		return Denied, 0, false
	case c.Ask > c.most():
		return Denied, 0, false
	case c.Needed > 0:
		if skipped = c.Justification != "" && (!c.SkipEnds || c.SkipUntil > 0); !skipped {
			return Pending, 0, false
		}
	}
	if c.Exclusive && c.Held == Other {
		return Held, 0, false
	}
	if c.Exclusive && c.Held == Itself {
		return HeldItself, 0, false
	}
	return Released, c.hold(), skipped
}

func (c Case) most() time.Duration {
	if c.Longest > 0 && c.Longest < c.Most {
		return c.Longest
	}
	return c.Most
}

// hold: what is asked for, or the most that the application gets.
func (c Case) hold() time.Duration {
	if c.Ask > 0 {
		return c.Ask
	}
	return c.most()
}

// granted: one of the patterns fits; case does not matter, * is any text.
func (c Case) granted() bool {
	return slices.ContainsFunc(c.Grants, func(pattern string) bool {
		system, account, _ := strings.Cut(strings.ToLower(pattern), "/")
		return fits(system, strings.ToLower(c.System)) && fits(account, strings.ToLower(c.Account))
	})
}

func fits(pattern, text string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '*':
		return fits(pattern[1:], text) || text != "" && fits(pattern, text[1:])
	}
	return text != "" && text[0] == pattern[0] && fits(pattern[1:], text[1:])
}

// wait: one denial ends a request, enough approvals by different people who may
// give them let it be collected, within a day and once. When its time is over it
// is what the policy says.
func (c Case) wait() (Answer, []Answer) {
	var answers []Answer
	spoke := map[string]bool{}
	approved, rejected, ready := 0, false, time.Duration(0)
	for _, w := range c.Words {
		switch {
		case w.By == Self || len(c.Approvers) > 0 && !slices.Contains(c.Approvers, w.By):
			answers = append(answers, Denied)
			continue
		case rejected || approved >= c.Needed || w.At >= c.Timeout || spoke[w.By]:
			answers = append(answers, Over)
			continue
		}
		answers, spoke[w.By] = append(answers, Taken), true
		if !w.Approve {
			rejected = true
		} else if approved++; approved == c.Needed {
			ready = w.At
		}
	}
	if !rejected && approved < c.Needed && c.Collect >= c.Timeout && c.Accept {
		approved, ready = c.Needed, c.Timeout
	}
	return c.collect(approved >= c.Needed && !rejected, ready), answers
}

// collect: what is not approved in time needs another approval.
func (c Case) collect(approved bool, ready time.Duration) Answer {
	switch {
	case !approved || c.Collect >= ready+CollectTime:
		return Pending
	case c.Exclusive && c.Held == Other:
		return Held
	case c.Exclusive && c.Held == Itself:
		return HeldItself
	}
	return Released
}

// again: an approval is good for one check-out.
func (c Case) again() Answer { return Pending }
