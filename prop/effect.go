package prop

import "github.com/propnet/propnet/fixed"

// EffectTask is an effect as its performer is asked for it.
type EffectTask struct {
	ID     EffectID
	Kind   EffectKind
	Entity Hotkey
	Amount fixed.Theta
}

// Tx is a signed transaction, ready to be sent, and the hash it is looked up by.
type Tx struct {
	Hash Hash
	Raw  []byte
}

// Outcome of an effect as the outside knows it; not found means that it has never seen it.
type Outcome struct {
	Found  bool
	OK     bool
	Detail string
}
