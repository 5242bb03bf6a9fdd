package wire

import (
	"crypto/sha256"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"github.com/propnet/propnet/prop"
)

const blockDomain = "propnet/block/1"

// Header is what a block's hash and signature cover.
type Header struct {
	FirstSeq      uint64       `cbor:"1,keyasint"`
	LastSeq       uint64       `cbor:"2,keyasint"`
	At            prop.Instant `cbor:"3,keyasint"` // of the last record
	EngineVersion uint64       `cbor:"4,keyasint"` // that decided the records
	PrevHash      prop.Hash    `cbor:"5,keyasint"`
	RecordsRoot   prop.Hash    `cbor:"6,keyasint"`
}

// Block is one group commit: the unit of durability, of the hash chain and of replication.
type Block struct {
	Header
	Hash      prop.Hash // of the header
	Signature prop.Signature
	Records   [][]byte // canonical records
	header    []byte   // canonical header
	tree      Tree     // of the records; made with the block, so that a receipt costs no hashing
}

type rawBlock struct {
	_         struct{} `cbor:",toarray"`
	Header    []byte
	Signature []byte
	Records   [][]byte
}

// Seal makes a block of the records, which are dense from first on and at most
// prop.MaxBatchCommands.
func Seal(key *Key, network string, engineVersion uint64, prev prop.Hash, first uint64, at prop.Instant, records [][]byte) (*Block, error) {
	tree := NewTree(leaves(records))
	b := &Block{Records: records, tree: tree, Header: Header{
		FirstSeq: first, LastSeq: first + uint64(len(records)) - 1, At: at, EngineVersion: engineVersion,
		PrevHash: prev, RecordsRoot: tree.Root(),
	}}
	var err error
	if b.header, err = Encode(b.Header); err != nil {
		return nil, err
	}
	b.Hash = headerHash(b.header)
	b.Signature = key.Sign(blockMessage(network, b.Hash))
	return b, nil
}

// Encode is the block's byte form.
func (b *Block) Encode() ([]byte, error) {
	return Encode(rawBlock{Header: b.header, Signature: b.Signature[:], Records: b.Records})
}

// DecodeBlock reads a block and checks what it says of itself: canonical form, record count and
// root. Chain and signature are its reader's to check (Follows, Verify), records are opaque here.
func DecodeBlock(data []byte) (*Block, error) {
	var raw rawBlock
	if err := Decode(data, &raw); err != nil {
		return nil, err
	}
	b := &Block{Records: raw.Records, header: raw.Header, Hash: headerHash(raw.Header)}
	if len(raw.Signature) != len(b.Signature) {
		return nil, fmt.Errorf("%w: signature of %d bytes", ErrFormat, len(raw.Signature))
	}
	copy(b.Signature[:], raw.Signature)
	if err := Decode(raw.Header, &b.Header); err != nil {
		return nil, err
	}
	n := uint64(len(raw.Records))
	if n == 0 || n > prop.MaxBatchCommands || b.FirstSeq == 0 || b.LastSeq-b.FirstSeq != n-1 || b.LastSeq < b.FirstSeq {
		return nil, fmt.Errorf("%w: block %d to %d holds %d records", ErrFormat, b.FirstSeq, b.LastSeq, n)
	}
	b.tree = NewTree(leaves(raw.Records))
	if b.tree.Root() != b.RecordsRoot {
		return nil, fmt.Errorf("%w: the records of block %d do not match its root", ErrFormat, b.FirstSeq)
	}
	if err := b.canonical(data); err != nil {
		return nil, err
	}
	return b, nil
}

// canonical refuses a block that is written in another way than Encode writes it.
func (b *Block) canonical(data []byte) error {
	header, err := Encode(b.Header)
	if err != nil {
		return err
	}
	if err := sameForm(header, b.header); err != nil {
		return err
	}
	again, err := b.Encode()
	if err != nil {
		return err
	}
	return sameForm(again, data)
}

// Follows tells whether b is the next block after the one with this hash and last sequence (both
// zero before the first block).
func (b *Block) Follows(prevHash prop.Hash, prevLast uint64) bool {
	return b.FirstSeq == prevLast+1 && b.PrevHash == prevHash
}

// Verify tells whether the origin signed the block for the network.
func (b *Block) Verify(network string, origin prop.Hotkey) bool {
	return VerifySignature(origin, blockMessage(network, b.Hash), b.Signature)
}

// Receipt proves record seq of this block.
func (b *Block) Receipt(seq uint64) (Receipt, error) {
	if seq < b.FirstSeq || seq > b.LastSeq {
		return Receipt{}, fmt.Errorf("%w: record %d is not in block %d to %d", ErrFormat, seq, b.FirstSeq, b.LastSeq)
	}
	i := int(seq - b.FirstSeq)
	return Receipt{Header: b.header, Signature: b.Signature, Index: i, Path: b.tree.Path(i), Record: b.Records[i]}, nil
}

// Receipt is a block's header with its signature and one record's path to the records' root.
type Receipt struct {
	Header    cbor.RawMessage // canonical bytes
	Signature prop.Signature
	Index     int
	Path      []prop.Hash
	Record    []byte // canonical bytes
}

// Proof is a record with its receipt. Duplicate tells that the command was taken before and that
// this is the first receipt.
type Proof struct {
	Record    prop.Record
	Receipt   Receipt
	Duplicate bool
}

// Verify returns the proven record and its block's header, or an error that says what does not fit.
func (r Receipt) Verify(network string, origin prop.Hotkey) (prop.Record, Header, error) {
	var h Header
	if err := Decode(r.Header, &h); err != nil {
		return prop.Record{}, h, err
	}
	if h.LastSeq < h.FirstSeq || h.LastSeq-h.FirstSeq >= prop.MaxBatchCommands {
		return prop.Record{}, h, fmt.Errorf("%w: block of %d to %d", ErrFormat, h.FirstSeq, h.LastSeq)
	}
	if !VerifySignature(origin, blockMessage(network, headerHash(r.Header)), r.Signature) {
		return prop.Record{}, h, fmt.Errorf("the signature is not origin %s's for network %s", origin, network)
	}
	root, ok := climb(LeafHash(r.Record), r.Index, int(h.LastSeq-h.FirstSeq)+1, r.Path)
	if !ok || root != h.RecordsRoot {
		return prop.Record{}, h, fmt.Errorf("the record is not in the signed block")
	}
	record, err := DecodeRecord(r.Record)
	if err == nil && record.Seq != h.FirstSeq+uint64(r.Index) {
		err = fmt.Errorf("the record calls itself %d, its place is %d", record.Seq, h.FirstSeq+uint64(r.Index))
	}
	return record, h, err
}

func leaves(records [][]byte) []prop.Hash {
	h := make([]prop.Hash, len(records))
	for i, r := range records {
		h[i] = LeafHash(r)
	}
	return h
}

func headerHash(header []byte) prop.Hash {
	return sha256.Sum256(append(append(make([]byte, 0, 256), blockDomain+"\x00"...), header...))
}

func blockMessage(network string, hash prop.Hash) []byte {
	return append([]byte(blockDomain+"\n"+network+"\n"), hash[:]...)
}
