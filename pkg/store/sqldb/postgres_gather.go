package sqldb

import "context"

// Gather applies the item in a transaction, with others that wait.
func (d *pg) Gather(ctx context.Context, item any) error {
	return pgFailure(d.at, d.units.hand(ctx, item, false))
}

// forSeveral is how several items are applied. They wait for a lock that another
// session holds for a second; the one that needs it waits on alone. Their lists are
// of any length, and making a plan for each costs more than to carry it out.
const forSeveral = "select set_config('lock_timeout', '1s', true), set_config('plan_cache_mode', 'force_generic_plan', true)"

// forOne is how an item is applied whose lot failed. It may not be the one that
// needs a lock.
const forOne = "set local lock_timeout = '100ms'"

// mostPatient is how many items at a time wait on for a lock, for each keeps a
// connection.
const mostPatient = 4

// What a hopeful transaction fails with when it must not be kept, or when the user
// may not call what would tell that.
const (
	spoilt    = "RDM01" // of refuse_lot
	forbidden = "42501"
)

// apply hopes that no item fails, for a look at what became of each is a round trip
// more. When one does, the lot is run again with that look, and so are the next lots.
func (d *pg) apply(lot []*job) error {
	ctx, cancel := contextOf(lot, Deadline)
	defer cancel()
	settings := ""
	switch {
	case lot[0].left:
		return d.applyAlone(ctx, lot)
	case len(lot) > 1:
		settings = forSeveral
	}
	hopeful := d.careful.Add(-1) < 0
	err := d.gather(ctx, lot, settings, hopeful)
	if code := state(err); hopeful && (code == spoilt || code == forbidden) {
		d.careful.Store(64)
		err = d.gather(ctx, lot, settings, false)
	}
	return err
}

// applyAlone applies an item whose lot failed.
func (d *pg) applyAlone(ctx context.Context, lot []*job) error {
	if err := d.gather(ctx, lot, forOne, false); state(err) != lockNotAvailable {
		return err
	}
	select {
	case d.patient <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.patient }()
	return d.gather(ctx, lot, "", false)
}

func (d *pg) gather(ctx context.Context, lot []*job, settings string, hopeful bool) error {
	var errs []error
	unit := func(ctx context.Context, tx *Tx) (err error) {
		tx.Hopeful = hopeful
		if settings != "" {
			err = tx.Later(ctx, settings)
		}
		if err == nil {
			errs, err = d.hooks.Gathered(ctx, tx, items(lot))
		}
		return err
	}
	err := d.Write(ctx, func(ctx context.Context, tx *Tx) error { return guarded(ctx, unit, tx) })
	if err == nil {
		settle(lot, errs)
	}
	return err
}
