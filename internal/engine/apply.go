package engine

import (
	"fmt"

	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/prop"
)

// Version of the deciding code, written into every block's header.
const Version = 2

// Outcome of a command that was not refused. Duplicate is the record that took the same signed
// command before, 0 where it is new. Without events nothing happened and nothing is journaled.
type Outcome struct {
	Stamp     prop.Stamp
	Events    []prop.Event
	Duplicate uint64
}

// Apply decides a command at an instant not before the state's and evolves the state by what it
// emits. The error of a refusal is a *prop.Error, and state is untouched.
func Apply(s *state.State, at prop.Instant, cmd prop.Signed) (Outcome, error) {
	if !cmd.Internal() {
		if seq, hash, known := s.Known(cmd.ID); known {
			if hash != cmd.BodyHash {
				return Outcome{}, prop.Refuse(prop.IDConflict, "the id was used for another call", prop.KV{Key: "id", Value: cmd.ID.String()})
			}
			return Outcome{Duplicate: seq}, nil
		}
		if err := checkIDTime(s, at, cmd.ID); err != nil {
			return Outcome{}, err
		}
	}
	if !cmd.Internal() && !signable(cmd.Command) {
		return Outcome{}, prop.Refuse(prop.NotOwner, "only the node itself gives this command")
	}
	t := &tx{s: s, cmd: cmd, stamp: prop.Stamp{Seq: s.Seq() + 1, At: at, ID: cmd.ID, BodyHash: cmd.BodyHash}}
	if err := t.decide(); err != nil {
		if len(t.events) != 0 {
			panic(fmt.Sprintf("%T refused after it emitted: %v", cmd.Command, err))
		}
		return Outcome{}, err
	}
	return Outcome{Stamp: t.stamp, Events: t.events}, nil
}

// signable tells whether a command may come from a signed call; the others are the node's own.
func signable(c prop.Command) bool {
	switch c.(type) {
	case *prop.RegisterEntity, *prop.RegisterMiner, *prop.CreateSubaccount, *prop.SubmitOrder, *prop.CancelOrder, *prop.ObservePrices, *prop.SetPairState, *prop.Halt:
		return true
	}
	return false
}

// checkIDTime keeps the table of ids bounded: an id that could have been forgotten is too old.
func checkIDTime(s *state.State, at prop.Instant, id prop.CommandID) error {
	kv := prop.KV{Key: "id", Value: id.String()}
	switch made := id.Time(); {
	case made < at-prop.Instant(s.Genesis().AuthWindowMs):
		return prop.Refuse(prop.IDExpired, "the id was made at "+made.String()+", the node's time is "+at.String(), kv)
	case made > at+prop.AuthSkewMs:
		return prop.Refuse(prop.TimestampFuture, "the id was made at "+made.String()+", the node's time is "+at.String(), kv)
	}
	return nil
}

// tx is one command being decided.
type tx struct {
	s      *state.State
	cmd    prop.Signed
	stamp  prop.Stamp
	events []prop.Event
}

// emit makes an event happen. The first one opens the record.
func (t *tx) emit(e prop.Event) {
	if len(t.events) == 0 {
		t.s.Begin(t.stamp)
	}
	t.events = append(t.events, e)
	t.s.Evolve(e)
}

func (t *tx) decide() error {
	if _, genesis := t.cmd.Command.(*prop.Start); !genesis && t.s.Seq() == 0 {
		return prop.Refuse(prop.NotReady, "the journal has no genesis yet")
	}
	switch c := t.cmd.Command.(type) {
	case *prop.Start:
		return t.start(c)
	case *prop.RegisterEntity:
		return t.registerEntity(c)
	case *prop.RegisterMiner:
		return t.registerMiner(c)
	case *prop.CreateSubaccount:
		return t.createSubaccount(c)
	case *prop.SubmitOrder:
		return t.submitOrder(c)
	case *prop.CancelOrder:
		return t.cancelOrder(c)
	case *prop.SetPairState:
		return t.setPairState(c)
	case *prop.Halt:
		return t.halt(c)
	case *prop.ObservePrices:
		return t.observePrices(c)
	case *prop.ObserveCollateral:
		return t.observeCollateral(c)
	case *prop.RecordSubmission:
		return t.recordSubmission(c)
	case *prop.CompleteEffect:
		return t.completeEffect(c)
	case *prop.Tick:
		return t.tick()
	case *prop.RecordRoot:
		return t.recordRoot(c)
	}
	return prop.Refuse(prop.InvalidField, fmt.Sprintf("%T is not a command", t.cmd.Command))
}

func (t *tx) recordRoot(c *prop.RecordRoot) error {
	if c.AtSeq != t.s.Seq() {
		return prop.Refuse(prop.InvalidField, "the root is not of the sequence before it")
	}
	t.emit(&prop.RootRecorded{AtSeq: c.AtSeq, Registry: c.Registry, Trading: c.Trading})
	return nil
}
