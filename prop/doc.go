// Package prop is the vocabulary of propnet: nouns, commands, events, error codes and limits.
// It has no behaviour beyond validation and printing.
//
// A *command* asks for something (command.go); a *refusal* is an Error with a stable code
// (code.go); an *event* says what happened (event.go). A Record binds a command to its events at
// one sequence number and one instant. Kinds, field tags, codes and enum values are append-only:
// they are written into journals for ever. Enum values start at 1, so that an absent value is
// never mistaken for a meant one.
//
// References (EntityRef, AccountRef, PairRef) are dense numbers given in order of creation and
// never reused. They index columns; people are shown hotkeys, account keys and pair ids.
//
// Start reading in command.go, then event.go.
package prop
