package prop

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/mr-tron/base58"
	"golang.org/x/crypto/blake2b"
)

// Instant is a point in time: milliseconds since 1970-01-01 UTC. The engine's only notion of time.
type Instant int64

const instantLayout = "2006-01-02T15:04:05.000Z"

// String is RFC 3339 in UTC with milliseconds.
func (t Instant) String() string               { return time.UnixMilli(int64(t)).UTC().Format(instantLayout) }
func (t Instant) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what String prints.
func (t *Instant) UnmarshalText(b []byte) error {
	p, err := time.Parse(instantLayout, string(b))
	if i := Instant(p.UnixMilli()); err == nil && i.String() == string(b) {
		*t = i
		return nil
	}
	return errors.New("not a UTC time like 2026-01-02T03:04:05.678Z")
}

// Hotkey is an sr25519 public key that a chain knows by its SS58 address. Coldkeys and operator
// keys have the same form.
type Hotkey [32]byte

// ss58Prefix is the generic Substrate network, the one that the public network's keys use.
const ss58Prefix = 42

// maxAddress is more than 35 bytes take in base58, whose decoding takes quadratic time.
const maxAddress = 64

// ParseHotkey reads an SS58 address with prefix 42 and a right checksum, in canonical form only.
func ParseHotkey(s string) (Hotkey, error) {
	var k Hotkey
	if len(s) > maxAddress {
		return k, Refuse(InvalidHotkey, "too long for an address", KV{"hotkey", clip(s)})
	}
	raw, err := base58.Decode(s)
	if err != nil || len(raw) != 35 || raw[0] != ss58Prefix {
		return k, Refuse(InvalidHotkey, "an address is 32 bytes in SS58 with prefix 42", KV{"hotkey", clip(s)})
	}
	if sum := ss58Sum(raw[:33]); raw[33] != sum[0] || raw[34] != sum[1] {
		return k, Refuse(InvalidHotkey, "the SS58 checksum does not match", KV{"hotkey", clip(s)})
	}
	copy(k[:], raw[1:33])
	if k.String() != s {
		return Hotkey{}, Refuse(InvalidHotkey, "not the canonical form of the address", KV{"hotkey", clip(s)})
	}
	return k, nil
}

// String is the SS58 address.
func (k Hotkey) String() string {
	raw := append([]byte{ss58Prefix}, k[:]...)
	sum := ss58Sum(raw)
	return base58.Encode(append(raw, sum[0], sum[1]))
}

func (k Hotkey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
func (k *Hotkey) UnmarshalText(b []byte) (err error) {
	*k, err = ParseHotkey(string(b))
	return err
}

func ss58Sum(raw []byte) [64]byte { return blake2b.Sum512(append([]byte("SS58PRE"), raw...)) }

// clip keeps what a caller sent short enough to be echoed in an error.
func clip(s string) string {
	const most = 80
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "?")
}

// MinerID is the number of a plain miner's one account, which is printed as the miner's hotkey alone.
const MinerID = 1<<32 - 1

// AccountKey names an account: a subaccount by its entity and its number there, printed as the
// synthetic hotkey `{entity}_{id}`; a plain miner's by its hotkey.
type AccountKey struct {
	Entity Hotkey `cbor:"1,keyasint"`
	ID     uint32 `cbor:"2,keyasint"`
}

// ParseAccountKey is the inverse of String: the number is canonical decimal (no sign, no leading
// zero, ASCII digits), at most MaxAccountID.
func ParseAccountKey(s string) (AccountKey, error) {
	bad := func(why string) (AccountKey, error) {
		return AccountKey{}, Refuse(InvalidAccount, why, KV{"account", clip(s)})
	}
	cut := strings.LastIndexByte(s, '_')
	if cut < 0 {
		miner, err := ParseHotkey(s)
		if err != nil {
			return bad("an account is written {entity hotkey}_{number}, a plain miner's is its hotkey")
		}
		return AccountKey{miner, MinerID}, nil
	}
	entity, err := ParseHotkey(s[:cut])
	if err != nil {
		return bad("the part before the underscore is not a valid SS58 address")
	}
	n, err := strconv.ParseUint(s[cut+1:], 10, 32)
	if err != nil || n > MaxAccountID || strconv.FormatUint(n, 10) != s[cut+1:] {
		return bad("the part after the underscore is not a canonical number from 0 to 999999999")
	}
	return AccountKey{entity, uint32(n)}, nil
}

func (a AccountKey) String() string {
	if a.ID == MinerID {
		return a.Entity.String()
	}
	return a.Entity.String() + "_" + strconv.FormatUint(uint64(a.ID), 10)
}
func (a AccountKey) MarshalText() ([]byte, error) { return []byte(a.String()), nil }
func (a *AccountKey) UnmarshalText(b []byte) (err error) {
	*a, err = ParseAccountKey(string(b))
	return err
}

// CommandID is the UUIDv7 that a client chooses: idempotency key, nonce and order id at once. The
// bracket that an order's fill makes has the order's id as version 8, which no client can choose.
type CommandID [16]byte

// BracketID is the id of the bracket that the order's fill makes.
func (id CommandID) BracketID() CommandID {
	id[6] = id[6]&0x0f | 0x80
	return id
}

// Chosen tells whether a client may choose the id: it is of version 7.
func (id CommandID) Chosen() bool { return id[6]>>4 == 7 }

// ParseCommandID reads a UUID of version 7 or 8 in its canonical lower-case form.
func ParseCommandID(s string) (CommandID, error) {
	var id CommandID
	raw, err := hex.DecodeString(strings.ReplaceAll(clip(s), "-", ""))
	if copy(id[:], raw); err != nil || len(raw) != len(id) || id.String() != s {
		return CommandID{}, Refuse(InvalidID, "an id is a UUID in canonical lower case", KV{"id", clip(s)})
	}
	if v := id[6] >> 4; v != 7 && v != 8 || id[8]>>6 != 2 {
		return CommandID{}, Refuse(InvalidID, "an id is a UUID of version 7", KV{"id", clip(s)})
	}
	return id, nil
}

// NewCommandID makes an id of the instant and ten bytes of the caller's randomness.
func NewCommandID(at Instant, random [10]byte) CommandID {
	var id CommandID
	for i := range 6 {
		id[i] = byte(at >> (40 - 8*i))
	}
	copy(id[6:], random[:])
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Time is the instant that the id was made at, by its maker's clock.
func (id CommandID) Time() Instant {
	var t Instant
	for _, b := range id[:6] {
		t = t<<8 | Instant(b)
	}
	return t
}

func (id CommandID) String() string {
	h := hex.EncodeToString(id[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
func (id CommandID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }
func (id *CommandID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseCommandID(string(b))
	return err
}

// Hash is a SHA-256 digest, printed in hexadecimal.
type Hash [32]byte

func (h Hash) String() string               { return hex.EncodeToString(h[:]) }
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) != 64 {
		return errors.New("a hash is 64 hexadecimal digits")
	}
	_, err := hex.Decode(h[:], b)
	return err
}

// Signature is an sr25519 signature, printed in hexadecimal.
type Signature [64]byte

func (s Signature) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(s[:])), nil }

// UnmarshalText reads 128 hexadecimal digits.
func (s *Signature) UnmarshalText(b []byte) error {
	if len(b) != 128 {
		return errors.New("a signature is 128 hexadecimal digits")
	}
	_, err := hex.Decode(s[:], b)
	return err
}

// Hex is bytes that are printed in hexadecimal.
type Hex []byte

func (h Hex) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

// UnmarshalText reads an even number of hexadecimal digits.
func (h *Hex) UnmarshalText(b []byte) (err error) {
	if *h, err = hex.DecodeString(string(b)); err != nil {
		return errors.New("not hexadecimal")
	}
	return nil
}

// References index the columns of state: dense, in order of creation, never reused.
type (
	EntityRef  uint32
	AccountRef uint32
	PairRef    uint16
	RulesRef   uint16
	EffectID   uint64
)
