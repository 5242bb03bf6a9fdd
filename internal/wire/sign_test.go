package wire_test

import (
	"encoding/hex"
	"testing"

	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// TestKnownKey: the mini secret of the development key //Alice gives the address that every
// Substrate tool shows for it.
func TestKnownKey(t *testing.T) {
	seed, err := hex.DecodeString("e5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a")
	if err != nil {
		t.Fatal(err)
	}
	if got := wire.NewKey([32]byte(seed)).Public().String(); got != "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY" {
		t.Errorf("//Alice is %s", got)
	}
}

func TestSignatures(t *testing.T) {
	message := []byte("message")
	normal, repeatable := wire.NewKey([32]byte{7}), wire.NewRepeatableKey([32]byte{7})
	if normal.Public() != repeatable.Public() {
		t.Error("the kind of signing must not change the key")
	}
	a, b, c, d := normal.Sign(message), normal.Sign(message), repeatable.Sign(message), repeatable.Sign(message)
	if a == b {
		t.Error("normal signatures repeat")
	}
	if c != d {
		t.Error("repeatable signatures do not repeat")
	}
	if repeatable.Sign([]byte("massage")) == c {
		t.Error("two messages have one signature")
	}
	for _, s := range []prop.Signature{a, b, c} {
		if !wire.VerifySignature(normal.Public(), message, s) {
			t.Error("a sound signature does not verify")
		}
		if wire.VerifySignature(normal.Public(), []byte("massage"), s) || wire.VerifySignature(wire.NewKey([32]byte{8}).Public(), message, s) {
			t.Error("a signature verifies for another message or signer")
		}
	}
	for _, s := range []prop.Signature{{}, {63: 0x80}} {
		if wire.VerifySignature(normal.Public(), message, s) || wire.VerifySignature(prop.Hotkey{}, message, s) {
			t.Error("an empty signature verifies")
		}
	}
}
