package request

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// Names of the headers that carry an envelope.
const (
	HeaderNetwork   = "Propnet-Network"
	HeaderAudience  = "Propnet-Audience"
	HeaderID        = "Propnet-Id"
	HeaderTime      = "Propnet-Time"
	HeaderSigner    = "Propnet-Signer"
	HeaderSignature = "Propnet-Signature"
)

// Sign completes an envelope with the key's address and signature.
func Sign(key *wire.Key, e prop.Envelope) prop.Envelope {
	e.Signer = key.Public()
	e.Signature = key.Sign(signedBytes(&e))
	return e
}

// Headers are the envelope's header fields, in a fixed order.
func Headers(e *prop.Envelope) [][2]string {
	return [][2]string{
		{HeaderNetwork, e.Network}, {HeaderAudience, e.Audience.String()}, {HeaderID, e.ID.String()}, {HeaderTime, e.Time.String()},
		{HeaderSigner, e.Signer.String()}, {HeaderSignature, hex.EncodeToString(e.Signature[:])},
	}
}

// Parse reads an envelope from header fields. A missing or malformed one is refused as unsigned,
// by its name.
func Parse(header func(string) string, path string, body []byte) (prop.Envelope, error) {
	e := prop.Envelope{Path: path, Body: body, Network: header(HeaderNetwork)}
	fields := []struct {
		name string
		into interface{ UnmarshalText([]byte) error }
	}{
		{HeaderAudience, &e.Audience}, {HeaderID, &e.ID}, {HeaderTime, &e.Time}, {HeaderSigner, &e.Signer}, {HeaderSignature, &e.Signature},
	}
	if e.Network == "" {
		return e, prop.Refuse(prop.Unsigned, "the header "+HeaderNetwork+" is missing")
	}
	for _, f := range fields {
		if err := f.into.UnmarshalText([]byte(header(f.name))); err != nil {
			return e, prop.Refuse(prop.Unsigned, "the header "+f.name+" is missing or malformed")
		}
	}
	if !e.ID.Chosen() {
		return e, prop.Refuse(prop.InvalidID, "a command's id is a UUID of version 7", prop.KV{Key: "id", Value: e.ID.String()})
	}
	return e, nil
}

// Verify checks an envelope against the node that it reached: network, audience, time window and,
// last because it costs most, the signature.
func Verify(e *prop.Envelope, network string, origin prop.Hotkey, now prop.Instant, windowMs int64) error {
	id := prop.KV{Key: "id", Value: e.ID.String()}
	switch {
	case e.Network != network:
		return prop.Refuse(prop.WrongNetwork, "this node is of network "+network, id)
	case e.Audience != origin:
		return prop.Refuse(prop.WrongAudience, "this node's origin is "+origin.String(), id)
	case e.Time < now-prop.Instant(windowMs):
		return prop.Refuse(prop.TimestampExpired, "signed at "+e.Time.String()+", the node's time is "+now.String(), id)
	case e.Time > now+prop.AuthSkewMs:
		return prop.Refuse(prop.TimestampFuture, "signed at "+e.Time.String()+", the node's time is "+now.String(), id)
	case !wire.VerifySignature(e.Signer, signedBytes(e), e.Signature):
		return prop.Refuse(prop.BadSignature, "the signature is not the signer's over this call", id)
	}
	return nil
}

func signedBytes(e *prop.Envelope) []byte {
	sum := sha256.Sum256(e.Body)
	return []byte(strings.Join([]string{
		"propnet/request/1", e.Network, e.Audience.String(), "POST", e.Path, e.ID.String(), e.Time.String(), e.Signer.String(), hex.EncodeToString(sum[:]),
	}, "\n"))
}

// identity is what makes two calls with one id the same command: route, signer and body. A retry
// may be signed anew at another time.
func identity(e *prop.Envelope) prop.Hash {
	h := sha256.New()
	h.Write([]byte(e.Path + "\n" + e.Signer.String() + "\n"))
	h.Write(e.Body)
	return prop.Hash(h.Sum(nil))
}

// StampOf is what state remembers of a record besides its events.
func StampOf(r prop.Record) prop.Stamp {
	s := prop.Stamp{Seq: r.Seq, At: r.At}
	if r.Envelope != nil {
		s.ID, s.BodyHash = r.Envelope.ID, identity(r.Envelope)
	}
	return s
}

// Record decodes a journaled record with its command, from the envelope where it was a signed call.
func Record(raw []byte) (prop.Record, error) {
	r, err := wire.DecodeRecord(raw)
	if err == nil && r.Envelope != nil {
		var s prop.Signed
		s, err = Decode(r.Envelope)
		r.Command = s.Command
	}
	return r, err
}
