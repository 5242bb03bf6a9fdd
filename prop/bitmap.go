package prop

// Bitmap is a set of small numbers, low bit of the first byte first.
type Bitmap []byte

// NewBitmap has room for the numbers below n.
func NewBitmap(n int) Bitmap { return make(Bitmap, (n+7)/8) }

// Set adds i, which must be below the size that the bitmap was made for.
func (b Bitmap) Set(i int) { b[i/8] |= 1 << (i % 8) }

// Has tells whether i is in the set.
func (b Bitmap) Has(i int) bool { return i/8 < len(b) && b[i/8]&(1<<(i%8)) != 0 }

// AccountSet is a set of accounts: a bitmap that begins at First. It bounds the record of a batch
// that freezes tens of thousands at once.
type AccountSet struct {
	First AccountRef `cbor:"1,keyasint"`
	Bits  Bitmap     `cbor:"2,keyasint"`
}

// PackAccounts makes a set of ascending references.
func PackAccounts(refs []AccountRef) AccountSet {
	if len(refs) == 0 {
		return AccountSet{}
	}
	first := refs[0]
	s := AccountSet{First: first, Bits: NewBitmap(int(refs[len(refs)-1]-first) + 1)}
	for _, r := range refs {
		s.Bits.Set(int(r - first))
	}
	return s
}

// Refs are the members, ascending.
func (s AccountSet) Refs() []AccountRef {
	var refs []AccountRef
	for i := range len(s.Bits) * 8 {
		if s.Bits.Has(i) {
			refs = append(refs, s.First+AccountRef(i))
		}
	}
	return refs
}
