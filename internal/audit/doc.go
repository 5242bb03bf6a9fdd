// Package audit checks a journal offline with the core alone: it replays events to a state,
// compares every recorded root, and on request decides every command again and compares.
//
// The same engine version must decide equally: a difference is an alarm. Another version's
// difference is the review of the change, and says "unverified", never "cheat".
package audit
