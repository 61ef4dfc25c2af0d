package handover

import (
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/redim-tools/redim/pkg/child"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/handback"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
)

// ended tells what the error of a run is about.
func ended(status child.Status, err error) (child.Status, error) {
	if _, ok := errors.AsType[*child.NotRunError](err); ok {
		return status, notRun(err, "the credential is back")
	}
	return status, lost(err)
}

// lost says that output could not be written. A reader that went away did not
// want it.
func lost(err error) error {
	if err == nil || errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) {
		return nil
	}
	return pam.Failf(pam.ErrOther, "the program's output could not be written: %w", err).WithHint("make room, or send it elsewhere")
}

// outcome is what the whole command ends with: the program's own failure before
// all, for that is what the caller asks about. The other failures are told.
func (o *Options) outcome(status child.Status, err error, in engine.CheckInResult, back error) error {
	given := o.given(in, back)
	switch {
	case status.Code == 0 && err != nil:
		o.tell(given)
		return err
	case status.Code == 0 && given != nil:
		return given
	}
	o.tell(err)
	o.tell(given)
	return &cli.EndedError{Code: status.Code, Signal: status.Signal}
}

func (o *Options) tell(failure error) {
	if failure == nil {
		return
	}
	_, message, hint := cli.Describe(failure)
	if hint != "" {
		message += "; " + hint
	}
	o.Warn(message)
}

// given says what is not as it should be after the check-in.
func (o *Options) given(in engine.CheckInResult, err error) error {
	c := in.Checkout
	switch {
	case err != nil && c.State != pam.CheckoutCheckedIn:
		_, message, hint := cli.Describe(err)
		return &cli.CodeError{Code: cli.ExitPartial, Err: pam.Failf(pam.ErrPartial, "the program has ended, but %s is not back: %s", c.Credential.Ref(), message).
			WithHint("%s; then: %s checkin %s", hint, o.Command, c.ID)}
	case err != nil:
		return &cli.CodeError{Code: cli.ExitPartial, Err: err}
	case in.Spin.Failed():
		return &cli.CodeError{Code: cli.ExitPartial, Err: handback.SpinVerdict(in, o.Command)}
	}
	return nil
}

// same reports whether two outputs are one, as after 2>&1.
func same(one, other io.Writer) bool {
	if one == other {
		return true
	}
	a, aFile := one.(*os.File)
	b, bFile := other.(*os.File)
	if !aFile || !bFile {
		return false
	}
	infoA, errA := a.Stat()
	infoB, errB := b.Stat()
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
