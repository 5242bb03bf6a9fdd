package client_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/propnet/propnet/client"
	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// call is a signed order.
func call(t *testing.T) prop.Envelope {
	t.Helper()
	body, err := json.Marshal(api.CreateSubaccount{Entity: firm.Public(), Class: "crypto"})
	if err != nil {
		t.Fatal(err)
	}
	return request.Sign(firm, prop.Envelope{Network: network, Audience: origin.Public(), Path: request.PathSubaccounts, ID: prop.NewCommandID(epoch, [10]byte{1}), Time: epoch, Body: body})
}

// receipt proves the third of five records, which is of the call, in a block that the origin signed.
func receipt(t *testing.T, e prop.Envelope) api.Receipt {
	t.Helper()
	records := make([][]byte, 5)
	for i := range records {
		r := prop.Record{Seq: 7 + uint64(i), At: epoch, Command: new(prop.Tick), Events: []prop.Event{&prop.FeeCharged{Account: prop.AccountRef(i)}}}
		if i == 2 {
			r.Envelope, r.Command = &e, nil
		}
		var err error
		if records[i], err = wire.EncodeRecord(r); err != nil {
			t.Fatal(err)
		}
	}
	b, err := wire.Seal(origin, network, 1, prop.Hash{9}, 7, epoch, records)
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Receipt(9)
	if err != nil {
		t.Fatal(err)
	}
	return api.Receipt{Network: network, Origin: origin.Public(), Header: prop.Hex(r.Header), Signature: r.Signature, Index: r.Index, Path: r.Path, Record: r.Record}
}

// TestVerifyReceipt: a receipt proves its record, and nothing in it can be changed.
func TestVerifyReceipt(t *testing.T) {
	good, e := receipt(t, call(t)), call(t)
	record, err := client.VerifyReceipt(good, network, origin.Public())
	if err != nil || record.Seq != 9 || record.Envelope.ID != e.ID {
		t.Fatalf("record %d: %v", record.Seq, err)
	}
	if c, ok := record.Command.(*prop.CreateSubaccount); !ok || c.Entity != firm.Public() {
		t.Errorf("it proves %+v", record.Command)
	}
	raw, err := json.Marshal(good)
	if err != nil {
		t.Fatal(err)
	}
	var read api.Receipt
	if err := json.Unmarshal(raw, &read); err != nil {
		t.Fatal(err)
	}
	if _, err := client.VerifyReceipt(read, network, origin.Public()); err != nil {
		t.Errorf("after JSON: %v", err)
	}
	read.Network, read.Origin = "testnet-2", firm.Public() // the receipt's own names prove nothing
	if _, err := client.VerifyReceipt(read, network, origin.Public()); err != nil {
		t.Errorf("its own names count: %v", err)
	}

	bad := func(what string, change func(*api.Receipt)) {
		t.Helper()
		r := good
		r.Header, r.Record, r.Path = slices.Clone(good.Header), slices.Clone(good.Record), slices.Clone(good.Path)
		change(&r)
		if _, err := client.VerifyReceipt(r, network, origin.Public()); err == nil {
			t.Errorf("%s: still verifies", what)
		}
	}
	for i := range good.Header {
		bad(fmt.Sprint("header byte ", i), func(r *api.Receipt) { r.Header[i] ^= 1 })
	}
	for i := range good.Signature {
		bad(fmt.Sprint("signature byte ", i), func(r *api.Receipt) { r.Signature[i] ^= 1 })
	}
	for i := range good.Record {
		bad(fmt.Sprint("record byte ", i), func(r *api.Receipt) { r.Record[i] ^= 1 })
	}
	for i := range good.Path {
		bad(fmt.Sprint("path ", i), func(r *api.Receipt) { r.Path[i][31] ^= 1 })
		bad(fmt.Sprint("path without ", i), func(r *api.Receipt) { r.Path = slices.Delete(r.Path, i, i+1) })
	}
	for _, index := range []int{-1, 0, 1, 3, 4, 5, 10, 1 << 40} {
		bad(fmt.Sprint("index ", index), func(r *api.Receipt) { r.Index = index })
	}
	bad("a longer path", func(r *api.Receipt) { r.Path = append(r.Path, prop.Hash{}) })
	bad("another order of the path", func(r *api.Receipt) { slices.Reverse(r.Path) })
	bad("no path", func(r *api.Receipt) { r.Path = nil })
	bad("no header", func(r *api.Receipt) { r.Header = nil })
	bad("a longer header", func(r *api.Receipt) { r.Header = append(r.Header, 0) })
	bad("no record", func(r *api.Receipt) { r.Record = nil })
	bad("a longer record", func(r *api.Receipt) { r.Record = append(r.Record, 0) })
	bad("nothing", func(r *api.Receipt) { *r = api.Receipt{} })

	if _, err := client.VerifyReceipt(good, "testnet-2", origin.Public()); err == nil {
		t.Error("it proves something of another network")
	}
	if _, err := client.VerifyReceipt(good, network, firm.Public()); err == nil {
		t.Error("it proves something of another origin")
	}
	if _, err := client.VerifyReceipt(good, network, prop.Hotkey{}); err == nil {
		t.Error("it proves something of nobody")
	}
}

// TestReceiptOfACallThatNobodySigned: an origin that signs what its caller did not is found out.
func TestReceiptOfACallThatNobodySigned(t *testing.T) {
	for name, forge := range map[string]func(*prop.Envelope){
		"body":      func(e *prop.Envelope) { e.Body = append(e.Body, ' ') },
		"id":        func(e *prop.Envelope) { e.ID[15] ^= 1 },
		"time":      func(e *prop.Envelope) { e.Time++ },
		"signer":    func(e *prop.Envelope) { e.Signer = origin.Public() },
		"path":      func(e *prop.Envelope) { e.Path = request.PathEntities },
		"network":   func(e *prop.Envelope) { e.Network = "testnet-2"; *e = request.Sign(firm, *e) },
		"audience":  func(e *prop.Envelope) { e.Audience = firm.Public(); *e = request.Sign(firm, *e) },
		"signature": func(e *prop.Envelope) { e.Signature = prop.Signature{} },
		"command":   func(e *prop.Envelope) { e.Body = []byte("{}"); *e = request.Sign(firm, *e) },
	} {
		e := call(t)
		forge(&e)
		if _, err := client.VerifyReceipt(receipt(t, e), network, origin.Public()); err == nil {
			t.Errorf("%s: a forged call is proven", name)
		}
	}
}
