package client

import (
	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// VerifyReceipt proves a record without asking anyone: the origin's signature over the block, the
// record's place in it, and the signature of the call that it decided. The network and the origin
// are the caller's to know; the receipt's own names prove nothing.
func VerifyReceipt(r api.Receipt, network string, origin prop.Hotkey) (prop.Record, error) {
	w := wire.Receipt{Header: []byte(r.Header), Signature: r.Signature, Index: r.Index, Path: r.Path, Record: r.Record}
	record, _, err := w.Verify(network, origin)
	if err != nil {
		return record, err
	}
	if e := record.Envelope; e != nil {
		// The call was in its window when it was taken; only its signature is checked here.
		if err := request.Verify(e, network, origin, e.Time, 0); err != nil {
			return record, err
		}
		cmd, err := request.Decode(e)
		if err != nil {
			return record, err
		}
		record.Command = cmd.Command
	}
	return record, nil
}
