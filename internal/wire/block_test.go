package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

func encodedBlock(t testing.TB, b *wire.Block) []byte {
	data, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestBlockGolden(t *testing.T) {
	b := sampleBlock(t, 3)
	receipt, err := b.Receipt(8)
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{
		fmt.Sprintf("block %x", encodedBlock(t, b)), fmt.Sprintf("hash %x", b.Hash),
		fmt.Sprintf("receipt.header %x", []byte(receipt.Header)), fmt.Sprintf("receipt.signature %x", receipt.Signature),
		fmt.Sprintf("receipt.index %02x", receipt.Index), fmt.Sprintf("receipt.record %x", receipt.Record),
	}
	for _, h := range receipt.Path {
		lines = append(lines, fmt.Sprintf("receipt.path %x", h))
	}
	_, data := unhex(t, golden(t, "block.hex", lines)[0])
	back, err := wire.DecodeBlock(data)
	if err != nil || !reflect.DeepEqual(back, b) {
		t.Errorf("the block came back as %+v, %v", back, err)
	}
	if !back.Verify(network, origin.Public()) || back.Verify("testnet-2", origin.Public()) || back.Verify(network, prop.Hotkey{1}) {
		t.Error("the signature must hold for its network and origin alone")
	}
}

func TestFollows(t *testing.T) {
	b := sampleBlock(t, 3) // 7 to 9
	if !b.Follows(prop.Hash{9}, 6) || b.Follows(prop.Hash{9}, 5) || b.Follows(prop.Hash{9}, 7) || b.Follows(prop.Hash{}, 6) {
		t.Error("a block follows the one hash and sequence before it")
	}
}

func TestReceiptOutsideTheBlock(t *testing.T) {
	b := sampleBlock(t, 3)
	for _, seq := range []uint64{0, 6, 10, ^uint64(0)} {
		if _, err := b.Receipt(seq); !errors.Is(err, wire.ErrFormat) {
			t.Errorf("receipt of %d: %v", seq, err)
		}
	}
}

// rawBlock is the block's array, to write wrong ones with.
type rawBlock struct {
	_                 struct{} `cbor:",toarray"`
	Header, Signature []byte
	Records           [][]byte
}

func TestDecodeBlockRefuses(t *testing.T) {
	sound := sampleBlock(t, 3)
	change := func(edit func(h *wire.Header, raw *rawBlock)) []byte {
		h, raw := sound.Header, rawBlock{Signature: sound.Signature[:], Records: slices.Clone(sound.Records)}
		edit(&h, &raw)
		if raw.Header == nil {
			raw.Header, _ = wire.Encode(h)
		}
		data, err := wire.Encode(raw)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	header, _ := wire.Encode(sound.Header)
	rooted := func(h *wire.Header, records [][]byte) {
		leaves := make([]prop.Hash, len(records))
		for i, r := range records {
			leaves[i] = wire.LeafHash(r)
		}
		h.RecordsRoot = wire.MerkleRoot(leaves)
	}
	if _, err := wire.DecodeBlock(change(func(*wire.Header, *rawBlock) {})); err != nil {
		t.Fatalf("the unchanged block: %v", err)
	}
	rows := []struct {
		name string
		in   []byte
	}{
		{"nothing", nil}, {"trailing byte", append(encodedBlock(t, sound), 0)}, {"cut short", encodedBlock(t, sound)[:100]},
		{"a record less", change(func(_ *wire.Header, r *rawBlock) { r.Records = r.Records[:2] })},
		{"a record more", change(func(_ *wire.Header, r *rawBlock) { r.Records = append(r.Records, r.Records[0]) })},
		{"records swapped", change(func(_ *wire.Header, r *rawBlock) { r.Records[0], r.Records[1] = r.Records[1], r.Records[0] })},
		{"a byte of a record", change(func(_ *wire.Header, r *rawBlock) { r.Records[0] = append([]byte{0}, r.Records[0][1:]...) })},
		{"another root", change(func(h *wire.Header, _ *rawBlock) { h.RecordsRoot[0] ^= 1 })},
		{"last before first", change(func(h *wire.Header, _ *rawBlock) { h.LastSeq = 6 })},
		{"sequence 0", change(func(h *wire.Header, _ *rawBlock) { h.FirstSeq, h.LastSeq = 0, 2 })},
		{"sequence beyond its type", change(func(h *wire.Header, _ *rawBlock) { h.FirstSeq, h.LastSeq = ^uint64(0)-1, 0 })},
		{"no records", change(func(h *wire.Header, r *rawBlock) { r.Records = [][]byte{}; h.LastSeq = 6; rooted(h, r.Records) })},
		{"too many records", change(func(h *wire.Header, r *rawBlock) {
			r.Records = make([][]byte, prop.MaxBatchCommands+1)
			h.LastSeq = h.FirstSeq + prop.MaxBatchCommands
			rooted(h, r.Records)
		})},
		{"short signature", change(func(_ *wire.Header, r *rawBlock) { r.Signature = r.Signature[:63] })},
		{"long signature", change(func(_ *wire.Header, r *rawBlock) { r.Signature = append(slices.Clone(r.Signature), 0) })},
		{"header with a byte more", change(func(_ *wire.Header, r *rawBlock) { r.Header = append(slices.Clone(header), 0) })},
		{"header with a key twice", change(func(_ *wire.Header, r *rawBlock) {
			r.Header = append([]byte{0xa7, 1, 7}, header[1:]...) // seven pairs, the first of them twice
		})},
		{"header with an unknown key", change(func(_ *wire.Header, r *rawBlock) {
			r.Header = append(append([]byte{0xa7}, header[1:]...), 7, 0)
		})},
		{"header not in shortest form", change(func(_ *wire.Header, r *rawBlock) {
			r.Header = append([]byte{header[0], header[1], 0x18}, header[2:]...) // 7 as 18 07
		})},
		{"header without a field", change(func(_ *wire.Header, r *rawBlock) {
			r.Header = append([]byte{0xa5}, header[1:len(header)-35]...)
		})},
		{"array of unknown length", append(append([]byte{0x9f}, encodedBlock(t, sound)[1:]...), 0xff)},
		{"not in shortest form", append([]byte{0x98, 3}, encodedBlock(t, sound)[1:]...)},
	}
	for _, r := range rows {
		if b, err := wire.DecodeBlock(r.in); !errors.Is(err, wire.ErrFormat) {
			t.Errorf("%s: decoded as %+v, %v", r.name, b, err)
		}
	}
}

// TestReceiptMutations flips every bit of a receipt: none may pass.
func TestReceiptMutations(t *testing.T) {
	sound, err := sampleBlock(t, 5).Receipt(9)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, r wire.Receipt, network string, signer prop.Hotkey, good bool) {
		t.Helper()
		if _, _, err := r.Verify(network, signer); (err == nil) != good {
			t.Errorf("%s: %v", what, err)
		}
	}
	check("as issued", sound, network, origin.Public(), true)
	check("another network", sound, "testnet-2", origin.Public(), false)
	check("another origin", sound, network, wire.NewKey([32]byte{2}).Public(), false)
	check("no origin", sound, network, prop.Hotkey{}, false)
	for i := -1; i <= 6; i++ {
		r := sound
		r.Index = i
		check(fmt.Sprintf("index %d", i), r, network, origin.Public(), i == sound.Index)
	}
	longer, shorter := sound, sound
	longer.Path = append(slices.Clone(sound.Path), prop.Hash{})
	shorter.Path = sound.Path[:len(sound.Path)-1]
	check("longer path", longer, network, origin.Public(), false)
	check("shorter path", shorter, network, origin.Public(), false)

	parts := map[string]func(*wire.Receipt) []byte{
		"header":    func(r *wire.Receipt) []byte { r.Header = slices.Clone(r.Header); return r.Header },
		"signature": func(r *wire.Receipt) []byte { return r.Signature[:] },
		"record":    func(r *wire.Receipt) []byte { r.Record = slices.Clone(r.Record); return r.Record },
	}
	for i := range sound.Path {
		parts[fmt.Sprintf("path[%d]", i)] = func(r *wire.Receipt) []byte { r.Path = slices.Clone(r.Path); return r.Path[i][:] }
	}
	for name, part := range parts {
		r := sound
		for i := range part(&r) {
			for bit := range 8 {
				r := sound
				part(&r)[i] ^= 1 << bit
				check(fmt.Sprintf("bit %d of byte %d of the %s", bit, i, name), r, network, origin.Public(), false)
			}
		}
	}
}

// TestReceiptOfAMisnumberedRecord: a record that calls itself another number proves nothing, even
// signed by the origin.
func TestReceiptOfAMisnumberedRecord(t *testing.T) {
	b, err := wire.Seal(origin, network, 1, prop.Hash{}, 1, 0, [][]byte{encoded(t, prop.Record{Seq: 2, Command: &prop.Tick{}})})
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := b.Receipt(1)
	if err != nil {
		t.Fatal(err)
	}
	if r, _, err := receipt.Verify(network, origin.Public()); err == nil {
		t.Errorf("record 1 proves %+v", r)
	}
}

// FuzzDecodeBlock: decoding never panics, and there is one byte form of every block.
func FuzzDecodeBlock(f *testing.F) {
	for n := 1; n <= 3; n++ {
		f.Add(encodedBlock(f, sampleBlock(f, n)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := wire.DecodeBlock(data)
		if err != nil {
			return
		}
		if again, err := b.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%x is encoded again as %x, %v", data, again, err)
		}
		if r, err := b.Receipt(b.LastSeq); err != nil || len(r.Path) > 10 {
			t.Errorf("receipt of %d: %d hashes, %v", b.LastSeq, len(r.Path), err)
		}
	})
}

// FuzzReceipt: verifying never panics, and nothing but what the origin signed verifies.
func FuzzReceipt(f *testing.F) {
	b := sampleBlock(f, 5)
	for seq := b.FirstSeq; seq <= b.LastSeq; seq++ {
		r, _ := b.Receipt(seq)
		var path []byte
		for _, h := range r.Path {
			path = append(path, h[:]...)
		}
		f.Add([]byte(r.Header), r.Signature[:], r.Index, path, r.Record)
	}
	f.Fuzz(func(t *testing.T, header, signature []byte, index int, path, record []byte) {
		r := wire.Receipt{Header: header, Index: index, Record: record}
		copy(r.Signature[:], signature)
		for ; len(path) >= 32; path = path[32:] {
			r.Path = append(r.Path, prop.Hash(path[:32]))
		}
		got, _, err := r.Verify(network, origin.Public())
		if err != nil {
			return
		}
		if want, err := b.Receipt(got.Seq); err != nil || !bytes.Equal(want.Record, record) || !bytes.Equal(want.Header, header) {
			t.Errorf("a forged record %d verified", got.Seq)
		}
	})
}
