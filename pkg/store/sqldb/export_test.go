package sqldb

import "time"

// Waiting is how many units wait for the writer.
func (d *lite) Waiting() int { return len(d.work) }

// Patience sets how long the writer waits for the lock of another process.
func (d *lite) Patience(p time.Duration) { d.wait = p }
