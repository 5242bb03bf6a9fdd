package request

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/propnet/propnet/prop"
)

// object is one JSON object's members, raw.
type object map[string]json.RawMessage

// readObject reads exactly one object with no key but the allowed ones, each at most once and in
// its exact case. The standard decoder would let a second or a differently cased key win.
func readObject(raw []byte, allowed ...string) (object, error) {
	if !utf8.Valid(raw) {
		return nil, prop.Refuse(prop.InvalidJSON, "the body is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, prop.Refuse(prop.InvalidJSON, "the body is not a JSON object")
	}
	o := object{}
	for d.More() {
		t, err := d.Token()
		key, isKey := t.(string)
		if err != nil || !isKey {
			return nil, prop.Refuse(prop.InvalidJSON, "the object is malformed")
		}
		if !slices.Contains(allowed, key) {
			return nil, prop.Refuse(prop.InvalidJSON, "an unknown field", prop.KV{Key: "field", Value: strconv.QuoteToASCII(key[:min(len(key), 40)])})
		}
		if _, twice := o[key]; twice {
			return nil, prop.Refuse(prop.InvalidJSON, "a field stands twice", prop.KV{Key: "field", Value: key})
		}
		var member json.RawMessage
		if err := d.Decode(&member); err != nil {
			return nil, prop.Refuse(prop.InvalidJSON, "the object is malformed")
		}
		o[key] = member
	}
	if _, err := d.Token(); err != nil {
		return nil, prop.Refuse(prop.InvalidJSON, "the object does not end")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, prop.Refuse(prop.InvalidJSON, "something follows the object")
	}
	return o, nil
}

// The readers below do nothing once an error has been met, so that decoding reads as a list.

// str reads a member that must be a string.
func (o object) str(err *error, key string, into *string) {
	if *err != nil {
		return
	}
	raw, there := o[key]
	if !there {
		*err = prop.Refuse(prop.InvalidJSON, "a field is missing", prop.KV{Key: "field", Value: key})
		return
	}
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, into) != nil {
		*err = prop.Refuse(prop.InvalidJSON, "the field is a string", prop.KV{Key: "field", Value: key})
	}
}

// text reads a member that must be a string in the form that its type prints.
func (o object) text(err *error, key string, into interface{ UnmarshalText([]byte) error }) {
	var s string
	o.str(err, key, &s)
	if *err != nil {
		return
	}
	if e := into.UnmarshalText([]byte(s)); e != nil {
		var refusal *prop.Error
		if errors.As(e, &refusal) {
			*err = e
			return
		}
		*err = prop.Refuse(prop.InvalidField, e.Error(), prop.KV{Key: "field", Value: key})
	}
}

func (o object) optional(err *error, key string, into interface{ UnmarshalText([]byte) error }) {
	if _, there := o[key]; there {
		o.text(err, key, into)
	}
}

func (o object) array(err *error, key string, into *[]json.RawMessage, most int) {
	if *err != nil {
		return
	}
	if raw := o[key]; len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, into) != nil {
		*err = prop.Refuse(prop.InvalidJSON, "the field is an array", prop.KV{Key: "field", Value: key})
	} else if len(*into) > most {
		*err = prop.Refuse(prop.InvalidField, "the array has too many members", prop.KV{Key: "field", Value: key})
	}
}
