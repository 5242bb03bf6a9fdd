// Package whatif answers "what would happen if": the engine itself, on a copy of one account, so that
// no number is computed in two ways and nothing real can change.
//
// It reads no clock and does no I/O: the caller brings the copy (state.Extract) and the instant.
package whatif
