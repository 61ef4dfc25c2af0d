package verdict_test

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/redim-tools/redim/pkg/e2e/verdict"
)

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// mostly is the first as a rule, so that cases get far enough.
func mostly[T any](r *rand.Rand, rule T, others ...T) T {
	if r.IntN(8) > 0 {
		return rule
	}
	return pick(r, others...)
}

func addr(text string) netip.Addr { return netip.MustParseAddr(text) }

// draw makes a case up.
func draw(r *rand.Rand) verdict.Case {
	c := verdict.Case{
		Way: pick(r, verdict.Generated, verdict.Windows), Proof: mostly(r, verdict.Right, verdict.Right, verdict.Wrong, verdict.Nobody, verdict.OtherWay),
		Active: mostly(r, true, false), From: pick(r, addr("10.0.0.1"), addr("10.0.0.1"), addr("192.0.2.200"), addr("2001:db8::1"), addr("::ffff:10.0.0.1")),
		Meanwhile: mostly(r, pick(r, verdict.Nothing, verdict.Described, verdict.Widened), verdict.Deactivated, verdict.DeactivatedAndBack, verdict.Rotated,
			verdict.Closed, verdict.ClosedAndBack, verdict.Deleted, verdict.DeletedAndBack, verdict.LoggedOut),
		Passed:   mostly(r, time.Minute, 0, verdict.TokenLife-time.Microsecond, verdict.TokenLife, time.Hour),
		Invented: mostly(r, false, true, false, false),
		System:   pick(r, "Web01", "db01"), Account: pick(r, "svc-app", "Root"), Kept: mostly(r, true, false),
		Held: pick(r, verdict.NoHolder, verdict.NoHolder, verdict.NoHolder, verdict.Itself, verdict.Other, verdict.Other, verdict.Overdue), Exclusive: pick(r, true, false),
	}
	if r.IntN(300) == 0 { // a slow hash takes longer than a hundred cases
		c.Way = verdict.Typed
	}
	if c.Way == verdict.Windows && c.Proof == verdict.Wrong && r.IntN(2) == 0 {
		c.Proof = verdict.Elsewhere
	}
	if r.IntN(6) > 0 {
		c.Allowed = append(c.Allowed, c.From.Unmap().String())
	}
	for range r.IntN(3) {
		c.Allowed = append(c.Allowed, pick(r, "10.0.0.1", "10.0.0.0/24", "192.0.2.128/25", "192.0.2.0/25", "2001:db8::/64", "2001:db8::2", "172.16.0.0/12"))
	}
	c.CallFrom = mostly(r, c.From, c.From.Unmap(), c.From, addr("10.0.0.2"), addr("2001:db8::1"))
	if r.IntN(4) > 0 {
		c.Grants = append(c.Grants, pick(r, "*/*", "*b01/*", c.System+"/*", "*/"+c.Account, c.System+"/"+c.Account))
	}
	for range r.IntN(3) {
		c.Grants = append(c.Grants, pick(r, "web01/svc-app", "web*/*", "*/root", "*/*", "WEB01/SVC-*", "web02/*", "*b01/r*t", "*1/*p"))
	}
	drawRules(r, &c)
	return c
}

func drawRules(r *rand.Rand, c *verdict.Case) {
	c.Most = pick(r, 15*time.Minute, time.Hour, 8*time.Hour, 8760*time.Hour)
	c.Longest = pick(r, 0, 0, 15*time.Minute, 2*time.Hour, 100*time.Hour)
	c.Ask = pick(r, 0, 0, 15*time.Minute, 15*time.Minute, time.Hour, 2*time.Hour, 2*time.Hour+time.Second, 8*time.Hour, 9*time.Hour)
	if r.IntN(3) == 0 {
		c.Justification = pick(r, "it runs at night", "")
		c.SkipEnds = c.Justification != "" && r.IntN(2) == 0
		c.SkipUntil = pick(r, -time.Hour, -time.Microsecond, 0, time.Microsecond, time.Hour)
	}
	c.Needed = pick(r, 0, 0, 1, 1, 2)
	c.Timeout = pick(r, time.Hour, 10*time.Hour, 99*time.Hour)
	c.Accept = r.IntN(2) == 0
	if r.IntN(2) == 0 {
		c.Approvers = []string{"alice", "bob"}
	}
	at := time.Duration(0)
	for range r.IntN(4) {
		at += pick(r, 0, time.Minute, 30*time.Minute, time.Hour, 9*time.Hour, 98*time.Hour)
		c.Words = append(c.Words, verdict.Word{By: pick(r, "alice", "alice", "bob", "bob", "carol", verdict.Self), Approve: mostly(r, true, false), At: at})
	}
	c.Collect = at + pick(r, 0, time.Minute, time.Hour, 10*time.Hour, verdict.CollectTime-time.Microsecond, verdict.CollectTime, 99*time.Hour, 130*time.Hour)
}
