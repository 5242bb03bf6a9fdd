package wire

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"github.com/propnet/propnet/prop"
)

// ErrFormat wraps every decoding failure.
var ErrFormat = errors.New("not in the wire format")

var (
	encMode = must(cbor.EncOptions{
		Sort: cbor.SortCoreDeterministic, ShortestFloat: cbor.ShortestFloat16, NaNConvert: cbor.NaNConvertReject,
		InfConvert: cbor.InfConvertReject, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
	}.EncMode())
	decMode = must(cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, UTF8: cbor.UTF8RejectInvalid, NaN: cbor.NaNDecodeForbidden,
		Inf: cbor.InfDecodeForbidden, MaxNestedLevels: 16, MaxArrayElements: prop.MaxBatchBytes, MaxMapPairs: 64,
	}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Encode is the canonical form of a value with integer-keyed fields.
func Encode(v any) ([]byte, error) { return encMode.Marshal(v) }

// Decode reads what Encode writes.
func Decode(b []byte, v any) error {
	if err := decMode.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return nil
}

type kinded struct {
	_    struct{} `cbor:",toarray"`
	Kind uint16
	Body cbor.RawMessage
}

type rawRecord struct {
	_        struct{} `cbor:",toarray"`
	Seq      uint64
	At       int64
	Envelope *prop.Envelope
	Command  *kinded
	Events   []kinded
}

// EncodeRecord is the canonical form of a record: the leaf of its block's tree.
func EncodeRecord(r prop.Record) ([]byte, error) {
	raw := rawRecord{Seq: r.Seq, At: int64(r.At), Envelope: r.Envelope, Events: make([]kinded, len(r.Events))}
	if r.Envelope == nil {
		body, err := Encode(r.Command)
		if err != nil {
			return nil, err
		}
		raw.Command = &kinded{Kind: uint16(r.Command.CommandKind()), Body: body}
	}
	for i, e := range r.Events {
		body, err := Encode(e)
		if err != nil {
			return nil, err
		}
		raw.Events[i] = kinded{Kind: uint16(e.EventKind()), Body: body}
	}
	return Encode(raw)
}

// DecodeRecord reads a record in its canonical form. Its Command is nil where it has an envelope.
func DecodeRecord(b []byte) (prop.Record, error) {
	r, err := decodeRecord(b)
	if err != nil {
		return r, err
	}
	again, err := EncodeRecord(r)
	if err != nil {
		return r, err
	}
	return r, sameForm(again, b)
}

// sameForm refuses bytes that are not the one form of what they decode to: CBOR can write a value
// in several ways, and Go's decoder also takes left-out fields and hashes of another length.
func sameForm(canonical, b []byte) error {
	if !bytes.Equal(canonical, b) {
		return fmt.Errorf("%w: not in canonical form", ErrFormat)
	}
	return nil
}

func decodeRecord(b []byte) (prop.Record, error) {
	var raw rawRecord
	if err := Decode(b, &raw); err != nil {
		return prop.Record{}, err
	}
	r := prop.Record{Seq: raw.Seq, At: prop.Instant(raw.At), Envelope: raw.Envelope}
	if (raw.Envelope == nil) == (raw.Command == nil) {
		return r, fmt.Errorf("%w: record %d needs an envelope or a command", ErrFormat, raw.Seq)
	}
	if raw.Command != nil {
		if r.Command = prop.NewCommand(prop.CommandKind(raw.Command.Kind)); r.Command == nil {
			return r, fmt.Errorf("%w: record %d has the unknown command kind %d", ErrFormat, raw.Seq, raw.Command.Kind)
		}
		if err := Decode(raw.Command.Body, r.Command); err != nil {
			return r, err
		}
	}
	r.Events = make([]prop.Event, len(raw.Events))
	for i, k := range raw.Events {
		if r.Events[i] = prop.NewEvent(prop.EventKind(k.Kind)); r.Events[i] == nil {
			return r, fmt.Errorf("%w: record %d has the unknown event kind %d", ErrFormat, raw.Seq, k.Kind)
		}
		if err := Decode(k.Body, r.Events[i]); err != nil {
			return r, err
		}
	}
	return r, nil
}
