package auth

import (
	"math"
	"time"
)

// bucket is what failures have left to somebody.
type bucket struct {
	level   float64 // failures that are left; below zero is debt
	at      time.Time
	running int // attempts that have begun, and may fail
}

func (b *bucket) enter() {
	if b != nil {
		b.running++
	}
}

func (b *bucket) leave() {
	if b != nil {
		b.running--
	}
}

// buckets are those of all that have failed. Who is not among them has a full one.
type buckets[K comparable] struct {
	burst float64
	every time.Duration // one more
	debt  float64
	most  int
	of    map[K]*bucket
}

func newBuckets[K comparable](burst float64, every time.Duration, debt float64, most int) buckets[K] {
	return buckets[K]{burst: burst, every: every, debt: debt, most: most, of: map[K]*bucket{}}
}

// find is the bucket as it is by now; nil when it is full.
func (b *buckets[K]) find(k K, now time.Time) *bucket {
	one := b.of[k]
	if one == nil {
		return nil
	}
	b.fill(one, now)
	if one.level >= b.burst && one.running == 0 {
		delete(b.of, k)
		return nil
	}
	return one
}

func (b *buckets[K]) fill(one *bucket, now time.Time) {
	if passed := now.Sub(one.at); passed > 0 {
		one.level = min(b.burst, one.level+passed.Seconds()/b.every.Seconds())
	}
	one.at = now
}

// wait is how long until one more may be tried. Those that run count as if they
// had failed.
func (b *buckets[K]) wait(one *bucket) time.Duration {
	if one == nil {
		return 0
	}
	left := one.level - float64(one.running)
	if left >= 1 {
		return 0
	}
	return time.Duration((1 - left) * float64(b.every))
}

func (b *buckets[K]) fail(k K, now time.Time) {
	one := b.find(k, now)
	if one == nil {
		b.makeRoom(now)
		one = &bucket{level: b.burst, at: now}
		b.of[k] = one
	}
	one.level = max(one.level-1, -b.debt)
}

// makeRoom forgets somebody when there are too many: of a few the one that has
// failed least.
func (b *buckets[K]) makeRoom(now time.Time) {
	if len(b.of) < b.most {
		return
	}
	seen := 0
	var least K
	level := math.Inf(-1)
	for k, one := range b.of { // in no order
		b.fill(one, now)
		if one.level > level {
			least, level = k, one.level
		}
		if seen++; seen == 8 {
			break
		}
	}
	delete(b.of, least)
}

// pressure is how often attempts at one name failed of late.
type pressure struct {
	failures float64
	at       time.Time
}

type pressures struct{ of map[uint64]*pressure }

func (p *pressure) fade(now time.Time) {
	if passed := now.Sub(p.at); passed > 0 {
		p.failures *= math.Exp2(-passed.Seconds() / nameForget.Seconds())
	}
	p.at = now
}

func (p pressures) delay(name uint64, now time.Time) time.Duration {
	one := p.of[name]
	if one == nil {
		return 0
	}
	if one.fade(now); one.failures < 0.5 {
		delete(p.of, name)
		return 0
	}
	return min(nameDelay, max(0, time.Duration((one.failures-nameFree)*float64(nameEach))))
}

func (p pressures) fail(name uint64, now time.Time) {
	one := p.of[name]
	if one == nil {
		p.makeRoom(now)
		one = &pressure{at: now}
		p.of[name] = one
	}
	one.fade(now)
	one.failures++
}

func (p pressures) makeRoom(now time.Time) {
	if len(p.of) < maxNames {
		return
	}
	seen := 0
	var least uint64
	failures := math.Inf(1)
	for name, one := range p.of { // in no order
		one.fade(now)
		if one.failures < failures {
			least, failures = name, one.failures
		}
		if seen++; seen == 8 {
			break
		}
	}
	delete(p.of, least)
}
