package wire_test

import (
	"crypto/sha256"
	"testing"

	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// rfc6962 is MTH and PATH of RFC 6962 §2.1, word for word: split at the largest power of two
// smaller than n.
func rfc6962Root(d [][]byte) prop.Hash {
	switch len(d) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, d[0]...))
	}
	k := split(len(d))
	left, right := rfc6962Root(d[:k]), rfc6962Root(d[k:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

func rfc6962Path(m int, d [][]byte) []prop.Hash {
	if len(d) == 1 {
		return nil
	}
	if k := split(len(d)); m < k {
		return append(rfc6962Path(m, d[:k]), rfc6962Root(d[k:]))
	} else {
		return append(rfc6962Path(m-k, d[k:]), rfc6962Root(d[:k]))
	}
}

func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

func TestMerkleIsRFC6962(t *testing.T) {
	if wire.MerkleRoot(nil) != rfc6962Root(nil) {
		t.Error("the root of nothing")
	}
	var data [][]byte
	for n := 1; n <= 40; n++ {
		data = append(data, []byte{byte(n), 42})
		leaves := make([]prop.Hash, n)
		for i := range data {
			leaves[i] = wire.LeafHash(data[i])
		}
		for i := range n {
			got, want := wire.NewTree(leaves).Path(i), rfc6962Path(i, data)
			if len(got) != len(want) {
				t.Fatalf("path of %d in %d has %d hashes, want %d", i, n, len(got), len(want))
			}
			for j := range got {
				if got[j] != want[j] {
					t.Errorf("path of %d in %d differs at %d", i, n, j)
				}
			}
		}
		if wire.MerkleRoot(leaves) != rfc6962Root(data) { // last: it uses the slice up
			t.Errorf("the root of %d", n)
		}
	}
}

// TestReceiptsOfEverySize proves every record of every block of up to 40.
func TestReceiptsOfEverySize(t *testing.T) {
	for n := 1; n <= 40; n++ {
		b := sampleBlock(t, n)
		for seq := b.FirstSeq; seq <= b.LastSeq; seq++ {
			receipt, err := b.Receipt(seq)
			if err != nil {
				t.Fatal(err)
			}
			record, header, err := receipt.Verify(network, origin.Public())
			if err != nil || record.Seq != seq || header != b.Header {
				t.Errorf("record %d of a block of %d: %+v, %v", seq, n, record, err)
			}
		}
	}
}
