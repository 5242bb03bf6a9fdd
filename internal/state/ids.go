package state

import "github.com/propnet/propnet/prop"

// idWindow remembers the ids of signed commands for as long as a copy of them could be accepted.
// An id is accepted while its own time is within the window, so it can come again until
// window + skew after the record that took it; then it is forgotten and refused by its age.
type idWindow struct {
	byID  map[prop.CommandID]idEntry
	queue []idEntry // in order of sequence; from head on
	head  int
}

type idEntry struct {
	id   prop.CommandID
	seq  uint64
	at   prop.Instant
	hash prop.Hash
}

// Known finds the record that took a command id, and the hash of that command's path and body.
func (s *State) Known(id prop.CommandID) (seq uint64, hash prop.Hash, ok bool) {
	e, ok := s.ids.byID[id]
	return e.seq, e.hash, ok
}

func (w *idWindow) add(e idEntry) {
	w.byID[e.id] = e
	w.queue = append(w.queue, e)
}

// expire forgets what can no longer come again.
func (w *idWindow) expire(before prop.Instant) {
	for w.head < len(w.queue) && w.queue[w.head].at < before {
		delete(w.byID, w.queue[w.head].id)
		w.head++
	}
	if w.head > len(w.queue)/2 {
		w.queue = append(w.queue[:0], w.queue[w.head:]...)
		w.head = 0
	}
}

// live are the entries still remembered, in order of sequence.
func (w *idWindow) live() []idEntry { return w.queue[w.head:] }
