package vault

import (
	"encoding/base32"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// anyText is mostly ASCII, sometimes with what has to be refused or folded with care,
// and sometimes no text at all.
func anyText() *rapid.Generator[string] {
	bytes := rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 8), func(b []byte) string { return string(b) })
	return rapid.OneOf(rapid.StringMatching(`[ -~]{0,12}`), rapid.StringMatching("[A-Za-z\x00\x1f\x7f\u0130ſKÉe\u0301\u200c\u200d\u00ad\u2028]{0,8}"), rapid.String(), bytes)
}

func TestWhatIsQuickForASCIITellsTheSame(t *testing.T) {
	t.Parallel()
	said := func(err error) string {
		if err == nil {
			return ""
		}
		return err.Error()
	}
	rapid.Check(t, func(t *rapid.T) {
		text, longest := anyText().Draw(t, "text"), rapid.IntRange(0, 14).Draw(t, "longest")
		if got, want := Fold(text), foldAny(text); got != want {
			t.Errorf("%q folds to %q, not %q", text, got, want)
		}
		if got, want := said(checkWords("text", text, longest)), said(checkAny("text", text, longest)); got != want {
			t.Errorf("%q: %s, not %s", text, got, want)
		}
		joined := strings.ContainsAny(text, "\u200c\u200d")
		if got, want := checkTold("text", text, longest) != nil, joined || checkAny("text", text, longest) != nil; got != want {
			t.Errorf("%q is refused: %t", text, got)
		}
	})
}

func TestALeaseIDIsBase32(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Uint64().Draw(t, "number")
		want := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(binary.BigEndian.AppendUint64(nil, number)))
		if got := leaseID(number); got != want {
			t.Errorf("%d is %s, not %s", number, got, want)
		}
	})
}

func TestWhoIsAllowedIsToldAsByTheMatch(t *testing.T) {
	t.Parallel()
	address := rapid.Custom(func(t *rapid.T) netip.Addr {
		b := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 10, 255}), 4, 4).Draw(t, "bytes")
		from := netip.AddrFrom4([4]byte(b))
		return rapid.SampledFrom([]netip.Addr{from, netip.AddrFrom16(from.As16()), netip.MustParseAddr("fe80::1%eth0"), netip.MustParseAddr("2001:db8::1"), {}}).Draw(t, "from")
	})
	network := rapid.Custom(func(t *rapid.T) netip.Prefix {
		at := address.Draw(t, "at").Unmap().WithZone("")
		return netip.PrefixFrom(at, rapid.IntRange(0, at.BitLen()).Draw(t, "bits")).Masked()
	})
	rapid.Check(t, func(t *rapid.T) {
		allowed, from := rapid.SliceOfN(network, 0, 4).Draw(t, "allowed"), address.Draw(t, "from")
		if got, want := isAllowed(allowed, from), MatchAddress(allowed, from).Allowed; got != want {
			t.Errorf("%s from %v: %t, not %t", from, allowed, got, want)
		}
	})
}

func TestAPatternIsComparedAsItsPartsAre(t *testing.T) {
	t.Parallel()
	text := rapid.StringMatching(`[ab*]{0,4}`)
	rapid.Check(t, func(t *rapid.T) {
		pattern, name := text.Draw(t, "pattern"), text.Draw(t, "name")
		if got, want := wild(pattern, name), fits(strings.Split(pattern, "*"), name); got != want {
			t.Errorf("%q fits %q: %t", name, pattern, got)
		}
	})
}
