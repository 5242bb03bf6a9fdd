package view

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/propnet/propnet/prop"
)

// Render prints a record as one JSON object with names instead of references: what happened, so
// that a person can follow it. The record must have been published.
func (v *View) Render(r *prop.Record) json.RawMessage {
	v.mu.RLock()
	defer v.mu.RUnlock()
	p := printer{v: v}
	p.raw(`{"seq":`).value(reflect.ValueOf(r.Seq))
	p.raw(`,"at":`).value(reflect.ValueOf(r.At))
	p.raw(`,"command":"` + Kind(r.Command) + `","args":{`)
	p.fields(reflect.ValueOf(r.Command).Elem(), false)
	p.raw("}")
	if r.Envelope != nil {
		p.raw(`,"id":`).value(reflect.ValueOf(r.Envelope.ID))
		p.raw(`,"signer":`).value(reflect.ValueOf(r.Envelope.Signer))
	}
	p.raw(`,"events":[`)
	for i, e := range r.Events {
		if i > 0 {
			p.raw(",")
		}
		p.raw(`{"event":"` + Kind(e) + `"`)
		p.fields(reflect.ValueOf(e).Elem(), true)
		p.raw("}")
	}
	p.raw("]}")
	return p.b.Bytes()
}

type printer struct {
	v *View
	b bytes.Buffer
}

func (p *printer) raw(s string) *printer {
	p.b.WriteString(s)
	return p
}

// Kind is the name of a command's or event's kind as JSON and documents have it.
func Kind(x any) string { return Snake(reflect.TypeOf(x).Elem().Name()) }

func (p *printer) fields(v reflect.Value, more bool) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if strings.Contains(f.Tag.Get("cbor"), ",omit") && v.Field(i).IsZero() {
			continue
		}
		if more {
			p.raw(",")
		}
		more = true
		p.raw(`"` + Snake(f.Name) + `":`).value(v.Field(i))
	}
}

func (p *printer) value(v reflect.Value) {
	s := p.v.state
	switch x := v.Interface().(type) {
	case prop.EntityRef:
		p.leaf(s.Entities()[x].Hotkey)
	case prop.AccountRef:
		p.leaf(s.Account(x).Key)
	case prop.PairRef:
		p.leaf(s.Pairs()[x].ID)
	case prop.RulesRef:
		p.leaf(s.Rules(x).ID)
	case prop.AccountSet:
		keys := []prop.AccountKey{}
		for _, r := range x.Refs() {
			keys = append(keys, s.Account(r).Key)
		}
		p.leaf(keys)
	case prop.Bitmap:
		ids := []string{}
		for i, pair := range s.Pairs() {
			if x.Has(i) {
				ids = append(ids, pair.ID)
			}
		}
		p.leaf(ids)
	case interface{ MarshalText() ([]byte, error) }:
		p.leaf(x)
	default:
		p.compound(v)
	}
}

func (p *printer) compound(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		p.value(v.Elem())
	case reflect.Struct:
		p.raw("{").fields(v, false)
		p.raw("}")
	case reflect.Slice:
		p.raw("[")
		for i := range v.Len() {
			if i > 0 {
				p.raw(",")
			}
			p.value(v.Index(i))
		}
		p.raw("]")
	default:
		p.leaf(v.Interface())
	}
}

func (p *printer) leaf(x any) {
	b, err := json.Marshal(x)
	if err != nil {
		panic(err) // plain values always encode
	}
	p.b.Write(b)
}

// Snake turns a Go name into the one that JSON and documents use: NotTraded → not_traded, USDPerTheta
// → usd_per_theta.
func Snake(name string) string {
	var b strings.Builder
	for i, c := range name {
		upper := isUpper(byte(c))
		if upper && i > 0 && (!isUpper(name[i-1]) || i+1 < len(name) && !isUpper(name[i+1])) {
			b.WriteByte('_')
		}
		if upper {
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
