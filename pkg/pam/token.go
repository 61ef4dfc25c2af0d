package pam

import (
	"time"

	"github.com/redim-tools/redim/pkg/secret"
)

// Token proves a signed-in identity to the service. It is opaque.
type Token struct {
	Value   secret.Value
	Issued  time.Time
	Expires time.Time // zero when the service did not say
}

// Release is what a check-out yields.
type Release struct {
	Secret  secret.Value
	Expires time.Time // zero when the service did not say
}
