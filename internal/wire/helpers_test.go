package wire_test

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

const network = "testnet-1"

// origin signs repeatably, so that its blocks are the same in every run.
var origin = wire.NewRepeatableKey([32]byte{1})

// fill gives every field a value of its own, two elements to every list, and a target to every
// pointer, so that no two fields can be mixed up unseen.
func fill(v reflect.Value, n *uint64) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Uint8:
		v.SetUint(*n%255 + 1)
	case reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(*n)
	case reflect.Int64:
		v.SetInt(-int64(*n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString(fmt.Sprint("s", *n))
	default:
		panic(v.Kind().String())
	}
}

func filled[T any](v T) T {
	var n uint64
	fill(reflect.ValueOf(v).Elem(), &n)
	return v
}

// namedRecord is a record with the name of what it holds.
type namedRecord struct {
	name   string
	record prop.Record
}

// samples are one record of every command kind, of every event kind, and one of a signed call.
func samples() (all []namedRecord) {
	for k := prop.CommandKind(1); prop.NewCommand(k) != nil; k++ {
		c := filled(prop.NewCommand(k))
		all = append(all, namedRecord{reflect.TypeOf(c).Elem().Name(), prop.Record{Seq: uint64(k), At: 1767225600000, Command: c, Events: []prop.Event{}}})
	}
	for k := prop.EventKind(1); prop.NewEvent(k) != nil; k++ {
		e := filled(prop.NewEvent(k))
		all = append(all, namedRecord{reflect.TypeOf(e).Elem().Name(), prop.Record{Seq: 100 + uint64(k), At: 1767225600001, Command: &prop.Tick{}, Events: []prop.Event{e}}})
	}
	two := []prop.Event{filled(new(prop.OrderAccepted)), filled(new(prop.RootRecorded))}
	return append(all, namedRecord{"Envelope", prop.Record{Seq: 999, At: 1767225600002, Envelope: filled(new(prop.Envelope)), Events: two}})
}

func encoded(t testing.TB, r prop.Record) []byte {
	b, err := wire.EncodeRecord(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sampleBlock holds n records, the first of them number 7.
func sampleBlock(t testing.TB, n int) *wire.Block {
	records := make([][]byte, n)
	for i := range records {
		records[i] = encoded(t, prop.Record{Seq: 7 + uint64(i), At: 1767225600000, Command: &prop.Tick{},
			Events: []prop.Event{&prop.FeeCharged{Account: prop.AccountRef(i), Amount: 1}}})
	}
	b, err := wire.Seal(origin, network, 1, prop.Hash{9}, 7, 1767225600000, records)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// golden compares lines of "name hex" with a file of testdata and returns the file's.
func golden(t *testing.T, file string, got []string) []string {
	t.Helper()
	file = "testdata/" + file
	text := strings.Join(got, "\n") + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(want), "\n"), "\n")
	for i := range max(len(lines), len(got)) {
		if i >= len(lines) || i >= len(got) || lines[i] != got[i] {
			t.Errorf("%s: line %d differs; journals hold the old bytes for ever", file, i+1)
		}
	}
	return lines
}

func unhex(t *testing.T, line string) (name string, b []byte) {
	t.Helper()
	name, digits, _ := strings.Cut(line, " ")
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return name, b
}
