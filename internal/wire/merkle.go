package wire

import (
	"crypto/sha256"

	"github.com/propnet/propnet/prop"
)

// LeafHash is SHA-256(0x00 ‖ data).
func LeafHash(data []byte) prop.Hash {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(data)
	return prop.Hash(h.Sum(nil))
}

// nodeHash is SHA-256(0x01 ‖ left ‖ right).
func nodeHash(left, right prop.Hash) prop.Hash {
	var b [65]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[33:], right[:])
	return sha256.Sum256(b[:])
}

// MerkleRoot is the RFC 6962 tree head of the leaf hashes; of none it is SHA-256 of nothing. The
// slice is used as working space.
func MerkleRoot(leaves []prop.Hash) prop.Hash {
	if len(leaves) == 0 {
		return sha256.Sum256(nil)
	}
	for len(leaves) > 1 {
		leaves = level(leaves)
	}
	return leaves[0]
}

// Tree is all levels of an RFC 6962 tree, leaves first: a path is read off, not computed again.
type Tree [][]prop.Hash

// NewTree builds the tree of the leaf hashes, at least one.
func NewTree(leaves []prop.Hash) Tree {
	t := Tree{leaves}
	for top := leaves; len(top) > 1; t = append(t, top) {
		top = level(append([]prop.Hash(nil), top...))
	}
	return t
}

// Root is the tree's head.
func (t Tree) Root() prop.Hash { return t[len(t)-1][0] }

// Path is the sibling hashes from leaf i up. A node without sibling is promoted.
func (t Tree) Path(i int) (path []prop.Hash) {
	for _, nodes := range t[:len(t)-1] {
		if sibling := i ^ 1; sibling < len(nodes) {
			path = append(path, nodes[sibling])
		}
		i /= 2
	}
	return path
}

// level pairs neighbours in place; promotion of the odd one gives RFC 6962's tree.
func level(h []prop.Hash) []prop.Hash {
	n := 0
	for i := 0; i < len(h); i += 2 {
		if i+1 < len(h) {
			h[n] = nodeHash(h[i], h[i+1])
		} else {
			h[n] = h[i]
		}
		n++
	}
	return h[:n]
}

// climb recomputes the root from leaf i of n and its path; ok is false where the path's length is
// not that of the tree.
func climb(leaf prop.Hash, i, n int, path []prop.Hash) (root prop.Hash, ok bool) {
	if i < 0 || i >= n {
		return root, false
	}
	for ; n > 1; i, n = i/2, (n+1)/2 {
		if i^1 >= n {
			continue
		}
		if len(path) == 0 {
			return root, false
		}
		if i%2 == 0 {
			leaf = nodeHash(leaf, path[0])
		} else {
			leaf = nodeHash(path[0], leaf)
		}
		path = path[1:]
	}
	return leaf, len(path) == 0
}
