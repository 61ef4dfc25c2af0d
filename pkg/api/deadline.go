package api

import (
	"net/http"
	"time"
)

// writeTime is how long a caller may take to read an answer at least. The server
// gives twice as much for all of a call, from the end of its head.
const writeTime = 20 * time.Second

// enough makes sure that what takes as long as that can be answered then. HTTP/2
// ends a call at its deadline, and later it can't be moved.
func (c *call) enough(work time.Duration) {
	now := started()
	if c.moved || now.Add(work).After(c.began.Add(3*writeTime/2)) {
		c.deadline(now.Add(work + writeTime))
	}
}

// patience lets a call wait, and be answered then like one that has just come.
func (c *call) patience(wait time.Duration) {
	_ = http.NewResponseController(c.w).SetReadDeadline(time.Time{}) // where it can't be moved, the server's own holds
	c.deadline(started().Add(wait + 2*writeTime))
}

// reading gives the caller its time to read the answer.
func (c *call) reading() {
	if now := started(); c.moved || now.Sub(c.began) > writeTime {
		c.deadline(now.Add(writeTime))
	}
}

// deadline moves that of the answer. Where it can't be moved, the server's own holds.
func (c *call) deadline(at time.Time) {
	c.moved = true
	_ = http.NewResponseController(c.w).SetWriteDeadline(at)
}
