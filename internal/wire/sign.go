package wire

import (
	"crypto/rand"
	"io"

	"github.com/oasisprotocol/curve25519-voi/primitives/sr25519"

	"github.com/propnet/propnet/prop"
)

// Key signs with sr25519 in the context "substrate", as Substrate wallets do.
type Key struct {
	pair   *sr25519.KeyPair
	public prop.Hotkey
	noise  io.Reader
}

// signingContext is Substrate's, so that wallets' keys and signatures are the same as everywhere.
var signingContext = sr25519.NewSigningContext([]byte("substrate"))

// NewKey expands a 32-byte mini secret as Substrate does. Signatures are randomised.
func NewKey(seed [32]byte) *Key {
	mini := must(sr25519.NewMiniSecretKeyFromBytes(seed[:])) // fails only on a wrong length
	pair := mini.ExpandEd25519().KeyPair()
	k := &Key{pair: pair, noise: rand.Reader}
	copy(k.public[:], must(pair.PublicKey().MarshalBinary()))
	return k
}

// NewRepeatableKey is NewKey with the same signature for the same message each time, so that a
// seeded devnet gives one journal. The nonce still depends on the secret and the message.
func NewRepeatableKey(seed [32]byte) *Key {
	k := NewKey(seed)
	k.noise = zeros{}
	return k
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// Public is the key's hotkey.
func (k *Key) Public() prop.Hotkey { return k.public }

// Sign signs a message.
func (k *Key) Sign(message []byte) prop.Signature {
	sig := must(k.pair.Sign(k.noise, signingContext.NewTranscriptBytes(message))) // fails only with the noise
	return prop.Signature(must(sig.MarshalBinary()))
}

// VerifySignature tells whether the signature is the signer's over the message. The zero key is
// nobody's: it is the group's identity, in whose name anyone can sign anything.
func VerifySignature(signer prop.Hotkey, message []byte, s prop.Signature) bool {
	if signer == (prop.Hotkey{}) {
		return false
	}
	public, err := sr25519.NewPublicKeyFromBytes(signer[:])
	if err != nil {
		return false
	}
	sig, err := sr25519.NewSignatureFromBytes(s[:])
	return err == nil && public.Verify(signingContext.NewTranscriptBytes(message), sig)
}
