// Package engine is what happens next: Apply takes the state, an instant and a command, and either
// refuses or emits events. It knows no clock, I/O, goroutine or randomness; whatever deciding needs
// is in the command or already in state.
//
// Check, then emit: a decider may refuse only before its first event. A refusal, a repetition of a
// known command and a tick that is not due leave no trace: no event, no sequence number. Each event
// evolves state as it is emitted, so what follows in the same command is decided on the right
// pre-state: fill → breach → freeze, then (in ticks that are due at once) flatten → eliminate →
// slash request.
//
// Bump Version with every change that can decide a command differently; a block names the version
// that decided it, and `propnet journal replay --decide` compares.
//
// Start reading in apply.go; what happens on a price is in prices.go.
package engine
