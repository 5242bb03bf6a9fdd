package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

func TestRecordsGolden(t *testing.T) {
	var lines []string
	for _, s := range samples() {
		lines = append(lines, fmt.Sprintf("%s %x", s.name, encoded(t, s.record)))
	}
	for i, line := range golden(t, "records.hex", lines) {
		name, b := unhex(t, line)
		r, err := wire.DecodeRecord(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := samples()[i].record; !reflect.DeepEqual(r, want) {
			t.Errorf("%s came back as %+v, want %+v", name, r, want)
		}
		if !bytes.Equal(encoded(t, r), b) {
			t.Errorf("%s is encoded again in another way", name)
		}
	}
}

// TestRecordsCutOrExtended: a record is all of its bytes and no more.
func TestRecordsCutOrExtended(t *testing.T) {
	for _, s := range samples() {
		b := encoded(t, s.record)
		for n := range b {
			if _, err := wire.DecodeRecord(b[:n]); !errors.Is(err, wire.ErrFormat) {
				t.Errorf("%s cut to %d bytes: %v", s.name, n, err)
			}
		}
		if _, err := wire.DecodeRecord(append(b, 0)); !errors.Is(err, wire.ErrFormat) {
			t.Errorf("%s with a byte more: %v", s.name, err)
		}
	}
}

// TestDecodeRecordRefuses writes CBOR by hand: 85 is an array of five, a0 an empty map, f6 null.
func TestDecodeRecordRefuses(t *testing.T) {
	const tick = "\x85\x01\x00\xf6\x82\x09\xa0\x80" // [1, 0, null, [9, {}], []]
	if _, err := wire.DecodeRecord([]byte(tick)); err != nil {
		t.Fatalf("the plain record: %v", err)
	}
	rows := []struct{ name, in string }{
		{"nothing", ""}, {"null", "\xf6"}, {"a map", "\xa0"}, {"four elements", "\x84\x01\x00\xf6\x80"},
		{"six elements", "\x86\x01\x00\xf6\x82\x09\xa0\x80\x00"},
		{"neither envelope nor command", "\x85\x01\x00\xf6\xf6\x80"},
		{"unknown command kind", "\x85\x01\x00\xf6\x82\x18\x63\xa0\x80"}, {"command kind 0", "\x85\x01\x00\xf6\x82\x00\xa0\x80"},
		{"unknown event kind", "\x85\x01\x00\xf6\x82\x09\xa0\x81\x82\x18\x63\xa0"}, {"event kind 0", "\x85\x01\x00\xf6\x82\x09\xa0\x81\x82\x00\xa0"},
		{"unknown key", "\x85\x01\x00\xf6\x82\x09\xa1\x01\x00\x80"}, {"key twice", "\x85\x01\x00\xf6\x82\x06\xa3\x01\x40\x02\x00\x02\x00\x80"},
		{"sequence not in shortest form", "\x85\x18\x01\x00\xf6\x82\x09\xa0\x80"}, {"negative sequence", "\x85\x20\x00\xf6\x82\x09\xa0\x80"},
		{"array of unknown length", "\x9f\x01\x00\xf6\x82\x09\xa0\x80\xff"}, {"tag", "\xc1\x85\x01\x00\xf6\x82\x09\xa0\x80"},
		{"time as float", "\x85\x01\xf9\x00\x00\xf6\x82\x09\xa0\x80"}, {"events null", "\x85\x01\x00\xf6\x82\x09\xa0\xf6"},
		{"undefined for null", "\x85\x01\x00\xf7\x82\x09\xa0\x80"}, {"empty command as null", "\x85\x01\x00\xf6\x82\x09\xf6\x80"},
		{"fields left out", "\x85\x01\x00\xf6\x82\x06\xa0\x80"}, {"zero of an optional field", "\x85\x01\x00\xf6\x82\x08\xa3\x01\x00\x02\xf4\x03\x60\x80"},
		{"keys out of order", "\x85\x01\x00\xf6\x82\x08\xa2\x02\xf4\x01\x00\x80"}, {"key as text", "\x85\x01\x00\xf6\x82\x08\xa2\x61\x31\x00\x02\xf4\x80"},
		{"hash of one byte", "\x85\x01\x00\xf6\x82\x07\xa2\x01\x00\x02\x41\x07\x80"},
		{"hash of 33 bytes", "\x85\x01\x00\xf6\x82\x07\xa2\x01\x00\x02\x58\x21" + string(make([]byte, 33)) + "\x80"},
		{"hash as array", "\x85\x01\x00\xf6\x82\x07\xa2\x01\x00\x02\x98\x20" + string(make([]byte, 32)) + "\x80"},
		{"text not UTF-8", "\x85\x01\x00\xf6\x82\x08\xa3\x01\x00\x02\xf4\x03\x61\xff\x80"}, {"text as bytes", "\x85\x01\x00\xf6\x82\x08\xa3\x01\x00\x02\xf4\x03\x41\x61\x80"},
		{"boolean as number", "\x85\x01\x00\xf6\x82\x08\xa2\x01\x00\x02\x00\x80"}, {"kind beyond 16 bits", "\x85\x01\x00\xf6\x82\x1a\x00\x01\x00\x09\xa0\x80"},
		{"trailing byte", tick + "\x00"},
	}
	for _, r := range rows {
		if got, err := wire.DecodeRecord([]byte(r.in)); !errors.Is(err, wire.ErrFormat) {
			t.Errorf("%s: decoded as %+v, %v", r.name, got, err)
		}
	}
}

func TestRecordNeedsOneOfEnvelopeAndCommand(t *testing.T) {
	for _, s := range samples() {
		if s.record.Envelope == nil {
			continue
		}
		both := s.record
		both.Command = &prop.Tick{}
		r, err := wire.DecodeRecord(encoded(t, both))
		if err != nil || r.Command != nil || r.Envelope == nil {
			t.Errorf("what was signed must count alone: %+v, %v", r, err)
		}
	}
}

// FuzzDecodeRecord: decoding never panics, and there is one byte form of every record.
func FuzzDecodeRecord(f *testing.F) {
	for _, s := range samples() {
		f.Add(encoded(f, s.record))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := wire.DecodeRecord(b)
		if err != nil {
			return
		}
		if again, err := wire.EncodeRecord(r); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x is encoded again as %x, %v", b, again, err)
		}
	})
}

func BenchmarkDecodeRecord(b *testing.B) {
	seen := &prop.PricesObserved{Observed: 1767225600000, Seen: make(prop.Bitmap, 7)}
	for p := range prop.PairRef(50) {
		seen.Changed = append(seen.Changed, prop.PriceChange{Pair: p, Bid: 600_000_000_000_000, Ask: 600_100_000_000_000})
	}
	prices, _ := wire.EncodeRecord(prop.Record{Seq: 1, At: 1, Command: &prop.Tick{}, Events: []prop.Event{seen}})
	fill, _ := wire.EncodeRecord(prop.Record{Seq: 1, At: 1, Command: &prop.Tick{}, Events: []prop.Event{filled(new(prop.OrderFilled)), filled(new(prop.FeeCharged))}})
	for name, record := range map[string][]byte{"prices of 50 pairs": prices, "fill": fill} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := wire.DecodeRecord(record); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
