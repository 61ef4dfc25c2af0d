package vault

import (
	"regexp"
	"testing"
)

func TestLeaseIDsDifferInTheirFirstNineCharactersAndEndAlike(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[a-z2-7]{13}$`)
	begun, ends := map[string]bool{}, map[string]bool{}
	for range 1000 {
		id := NewLeaseID()
		if !form.MatchString(id) || begun[id[:9]] {
			t.Fatal(id)
		}
		begun[id[:9]], ends[id[9:]] = true, true
	}
	if len(ends) > 100 {
		t.Errorf("1000 ids have %d ends", len(ends))
	}
}
