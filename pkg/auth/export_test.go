package auth

// Remembered tells how many a throttle remembers.
func (t *Throttle) Remembered() (pairs, addresses, names int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.pairs.of), len(t.addresses.of), len(t.names.of)
}
