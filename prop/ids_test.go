package prop_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/propnet/propnet/prop"
)

// alice is the well-known development key, under the generic prefix and under two others.
const (
	alice         = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
	alicePublic   = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"
	alicePolkadot = "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5"
	aliceKusama   = "HNZata7iMYWmk5RvZRTiAsSDhV8366zq2YGb3tLH5Upf74F"
)

// wants checks that err is a refusal with the code, or nil where the code is 0.
func wants(t *testing.T, what string, err error, code prop.Code) {
	t.Helper()
	var refused *prop.Error
	switch {
	case code == 0 && err != nil:
		t.Errorf("%s: %v", what, err)
	case code != 0 && (!errors.As(err, &refused) || refused.Code != code):
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func TestParseHotkey(t *testing.T) {
	rows := []struct{ name, in string }{
		{"empty", ""}, {"Polkadot's prefix", alicePolkadot}, {"Kusama's prefix", aliceKusama},
		{"wrong checksum", alice[:len(alice)-1] + "Z"}, {"one letter changed", "6" + alice[1:]},
		{"cut short", alice[:len(alice)-1]}, {"too long", alice + "Y"}, {"space before", " " + alice}, {"space after", alice + " "},
		{"not base58", "0" + alice[1:]}, {"leading one", "1" + alice}, {"line end", alice + "\n"}, {"upper case", strings.ToUpper(alice)},
		{"hexadecimal", "0x" + alicePublic}, {"a megabyte", strings.Repeat("z", 1<<20)},
	}
	for _, r := range rows {
		_, err := prop.ParseHotkey(r.in)
		wants(t, r.name, err, prop.InvalidHotkey)
	}
	k, err := prop.ParseHotkey(alice)
	wants(t, "alice", err, 0)
	if k.String() != alice || hex.EncodeToString(k[:]) != alicePublic {
		t.Errorf("alice is %s, %x", k, k[:])
	}
}

func TestParseAccountKey(t *testing.T) {
	rows := []struct {
		name, in string
		id       uint32
		code     prop.Code
	}{
		{"first", alice + "_0", 0, 0}, {"seventh", alice + "_7", 7, 0}, {"last", alice + "_999999999", prop.MaxAccountID, 0},
		{"leading zeros", alice + "_007", 0, prop.InvalidAccount}, {"plus", alice + "_+7", 0, prop.InvalidAccount},
		{"space", alice + "_ 7", 0, prop.InvalidAccount}, {"space after", alice + "_7 ", 0, prop.InvalidAccount},
		{"minus zero", alice + "_-0", 0, prop.InvalidAccount}, {"minus", alice + "_-7", 0, prop.InvalidAccount},
		{"Arabic digit", alice + "_٧", 0, prop.InvalidAccount}, {"fullwidth digit", alice + "_７", 0, prop.InvalidAccount},
		{"ten digits", alice + "_1000000000", 0, prop.InvalidAccount}, {"beyond 32 bits", alice + "_4294967296", 0, prop.InvalidAccount},
		{"hexadecimal", alice + "_0x7", 0, prop.InvalidAccount}, {"Go's digit separator", alice + "_1_000", 0, prop.InvalidAccount},
		{"a plain miner", alice, prop.MinerID, 0}, {"a plain miner, numbered", alice + "_4294967295", 0, prop.InvalidAccount},
		{"a plain miner under another prefix", alicePolkadot, 0, prop.InvalidAccount},
		{"no number", alice + "_", 0, prop.InvalidAccount}, {"no entity", "_7", 0, prop.InvalidAccount},
		{"two underscores", alice + "__7", 0, prop.InvalidAccount}, {"other prefix", alicePolkadot + "_7", 0, prop.InvalidAccount},
		{"wrong checksum", alice[:47] + "Z_7", 0, prop.InvalidAccount}, {"a megabyte", strings.Repeat("z", 1<<20) + "_7", 0, prop.InvalidAccount},
	}
	for _, r := range rows {
		a, err := prop.ParseAccountKey(r.in)
		wants(t, r.name, err, r.code)
		if err == nil && (a.String() != r.in || a.ID != r.id) {
			t.Errorf("%s: %q parsed as %s", r.name, r.in, a)
		}
	}
}

func TestParseCommandID(t *testing.T) {
	const id = "0197f5a8-7a00-7abc-8def-0123456789ab"
	rows := []struct{ name, in string }{
		{"empty", ""}, {"upper case", strings.ToUpper(id)}, {"version 4", "0197f5a8-7a00-4abc-8def-0123456789ab"},
		{"version 1", "0197f5a8-7a00-1abc-8def-0123456789ab"}, {"other variant", "0197f5a8-7a00-7abc-cdef-0123456789ab"},
		{"nil", "00000000-0000-0000-0000-000000000000"}, {"without dashes", strings.ReplaceAll(id, "-", "")}, {"braces", "{" + id + "}"},
		{"URN", "urn:uuid:" + id}, {"dashes elsewhere", "0197-f5a87a00-7abc-8def-0123456789ab"}, {"cut short", id[:35]},
		{"two digits more", id + "00"}, {"not hexadecimal", "g" + id[1:]}, {"digits without end", strings.Repeat("a", 4096)},
		{"space", " " + id}, {"dashes", strings.Repeat("-", 36)},
	}
	for _, r := range rows {
		_, err := prop.ParseCommandID(r.in)
		wants(t, r.name, err, prop.InvalidID)
	}
	got, err := prop.ParseCommandID(id)
	wants(t, "an id", err, 0)
	if got.String() != id || got.Time() != 0x0197f5a87a00 || !got.Chosen() {
		t.Errorf("%q parsed as %s of %s", id, got, got.Time())
	}
	// The bracket of that order: an id that reads, and that no client may choose.
	bracket, err := prop.ParseCommandID("0197f5a8-7a00-8abc-8def-0123456789ab")
	wants(t, "a bracket's id", err, 0)
	if bracket != got.BracketID() || bracket.Chosen() {
		t.Errorf("the bracket of %s is %s, %s is read; chosen %v", got, got.BracketID(), bracket, bracket.Chosen())
	}
}

func TestNewCommandID(t *testing.T) {
	at := prop.Instant(1767225600123)
	for _, random := range [][10]byte{{}, {255, 255, 255, 255, 255, 255, 255, 255, 255, 255}} {
		id := prop.NewCommandID(at, random)
		if id.Time() != at {
			t.Errorf("made at %s, says %s", at, id.Time())
		}
		if back, err := prop.ParseCommandID(id.String()); err != nil || back != id {
			t.Errorf("%s parses as %s, %v", id, back, err)
		}
	}
}

func TestInstant(t *testing.T) {
	const text = "2026-01-02T03:04:05.678Z"
	var at prop.Instant
	if err := at.UnmarshalText([]byte(text)); err != nil || at.String() != text || at != 1767323045678 {
		t.Errorf("%q is %d, %v", text, at, err)
	}
	for _, in := range []string{"", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05,678Z", "2026-01-02T03:04:05.678+00:00", "2026-01-02 03:04:05.678Z", "1767323045678"} {
		if err := at.UnmarshalText([]byte(in)); err == nil {
			t.Errorf("%q was read as %s", in, at)
		}
	}
}

func TestTextForms(t *testing.T) {
	var h, h2 prop.Hash
	var s, s2 prop.Signature
	h[0], h[31], s[0], s[63] = 1, 2, 3, 4
	text, _ := h.MarshalText()
	if err := h2.UnmarshalText(text); err != nil || h2 != h {
		t.Errorf("hash %s came back as %s, %v", h, h2, err)
	}
	text, _ = s.MarshalText()
	if err := s2.UnmarshalText(text); err != nil || s2 != s {
		t.Errorf("signature came back as %x, %v", s2, err)
	}
	for _, bad := range []string{"", "00", strings.Repeat("g", 64), strings.Repeat("g", 128), strings.Repeat("0", 66)} {
		if h2.UnmarshalText([]byte(bad)) == nil || s2.UnmarshalText([]byte(bad)) == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestAccountSet(t *testing.T) {
	for _, refs := range [][]prop.AccountRef{nil, {0}, {7}, {0, 1, 2}, {3, 11, 4_000}, {4294967290, 4294967295}} {
		back := prop.PackAccounts(refs).Refs()
		if len(back) != len(refs) {
			t.Errorf("%v came back as %v", refs, back)
			continue
		}
		for i := range refs {
			if back[i] != refs[i] {
				t.Errorf("%v came back as %v", refs, back)
			}
		}
	}
}

func FuzzParseAccountKey(f *testing.F) {
	for _, s := range []string{alice + "_0", alice + "_999999999", alice + "_007", alice + "_+7", alicePolkadot + "_1", "_", "1_1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if a, err := prop.ParseAccountKey(s); err == nil && a.String() != s {
			t.Errorf("%q parsed as %s", s, a)
		}
		if k, err := prop.ParseHotkey(s); err == nil && k.String() != s {
			t.Errorf("%q parsed as %s", s, k)
		}
	})
}

func FuzzParseCommandID(f *testing.F) {
	for _, s := range []string{"0197f5a8-7a00-7abc-8def-0123456789ab", "0197F5A8-7a00-7abc-8def-0123456789ab", "0197f5a8-7a00-8abc-8def-0123456789ab", strings.Repeat("a", 80), "--"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := prop.ParseCommandID(s)
		if err != nil {
			return
		}
		var random [10]byte
		copy(random[:], id[6:])
		again := prop.NewCommandID(id.Time(), random)
		if !id.Chosen() {
			again = again.BracketID()
		}
		if id.String() != s || again != id {
			t.Errorf("%q parsed as %s", s, id)
		}
	})
}
