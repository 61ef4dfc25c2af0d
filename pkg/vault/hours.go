package vault

import (
	"strconv"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// The bounds of how long somebody may hold a credential.
const (
	MinHold     = 15 * time.Minute
	MaxHold     = 8760 * time.Hour
	DefaultHold = 8 * time.Hour
)

// ParseHours reads a number of hours such as 8 or 0.25. ErrUsage for anything
// that is not from 0.25 to 8760.
func ParseHours(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	hours, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.Trim(text, "0123456789.") != "" {
		return 0, pam.Failf(pam.ErrUsage, "%q is no number of hours", text).WithHint("write hours as 8 or 0.5, from 0.25 to 8760")
	}
	if hours > MaxHold.Hours() { // before it overflows
		return 0, holdFailure(text)
	}
	d := time.Duration(hours * float64(time.Hour)).Round(time.Second)
	if err := checkHold(d); err != nil {
		return 0, holdFailure(text)
	}
	return d, nil
}

func checkHold(d time.Duration) error {
	if d < MinHold || d > MaxHold {
		return holdFailure(FormatHours(d))
	}
	return nil
}

func holdFailure(hours string) error {
	return pam.Failf(pam.ErrUsage, "%s hours are out of bounds", hours).WithHint("give 0.25 to 8760 hours")
}

// FormatHours writes a duration as a number of hours.
func FormatHours(d time.Duration) string { return strconv.FormatFloat(d.Hours(), 'f', -1, 64) }

// ParseUntil reads the end of a permission: a day, which counts to its end in
// UTC, or a moment in RFC 3339. ErrUsage when it is over already.
func ParseUntil(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	until, err := time.Parse(time.RFC3339, text)
	if day, dayErr := time.Parse(time.DateOnly, text); dayErr == nil {
		until, err = day.AddDate(0, 0, 1), nil
	}
	if err != nil {
		return time.Time{}, pam.Failf(pam.ErrUsage, "%q is no date", text).WithHint("write a day as 2027-01-31, or a moment as 2027-01-31T18:00:00Z")
	}
	if !until.After(now) {
		return time.Time{}, pam.Failf(pam.ErrUsage, "%s is over already", text).WithHint("give a date to come, or leave it out for no end")
	}
	return until.UTC(), nil
}
