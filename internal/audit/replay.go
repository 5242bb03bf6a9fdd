package audit

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// Source is a journal to read.
type Source interface {
	Read(from uint64, fn func(*wire.Block) error) error
}

// Report of a replay.
type Report struct {
	Blocks, Records, Events uint64
	Seq                     uint64
	At                      prop.Instant
	Registry, Trading       prop.Hash // of the state at Seq
	Roots                   uint64    // recorded roots, all equal to the replayed ones
	RecordedAt              uint64    // sequence that the last recorded roots are of; 0 = none
	Recorded                [2]prop.Hash
	Decided                 uint64 // commands decided again
	Differences             uint64
	First                   *Difference
	OtherVersion            bool // the first difference is in a block of another engine version
}

// Difference is a record that this engine decides otherwise.
type Difference struct {
	Seq     uint64
	Version uint64
	Why     string
}

// errStop ends reading at the first difference: what follows would differ because of it.
var errStop = errors.New("stop")

type replay struct {
	events  *state.State // evolved from the recorded events
	decided *state.State // evolved by deciding again; nil where that is not asked for
	report  *Report
}

// Replay evolves a journal's events from its first record. With decide it also decides every
// command again, on a state of its own, up to the first difference.
func Replay(j Source, decide bool) (*Report, error) {
	p := &replay{events: state.New(), report: new(Report)}
	if decide {
		p.decided = state.New()
	}
	if err := j.Read(1, p.block); err != nil && !errors.Is(err, errStop) {
		return p.report, err
	}
	r := p.report
	r.Seq, r.At = p.events.Seq(), p.events.At()
	if r.Seq != 0 {
		r.Registry, r.Trading = p.events.Roots()
	}
	return r, p.events.Verify()
}

func (p *replay) block(b *wire.Block) error {
	p.report.Blocks++
	for _, raw := range b.Records {
		r, err := wire.DecodeRecord(raw)
		if err != nil {
			return err
		}
		if err := p.record(&r); err != nil {
			return err
		}
		if p.decided == nil {
			continue
		}
		p.report.Decided++
		if why := p.decide(&r, raw); why != "" {
			p.report.Differences++
			p.report.First = &Difference{Seq: r.Seq, Version: b.EngineVersion, Why: why}
			p.report.OtherVersion = b.EngineVersion != engine.Version
			return errStop
		}
	}
	return nil
}

// record evolves the recorded events and compares roots where they are recorded.
func (p *replay) record(r *prop.Record) (err error) {
	defer func() {
		if why := recover(); why != nil { // state panics on what cannot have happened
			err = fmt.Errorf("record %d cannot have happened: %v", r.Seq, why)
		}
	}()
	p.report.Records++
	for _, e := range r.Events {
		if root, ok := e.(*prop.RootRecorded); ok {
			registry, trading := p.events.Roots()
			if registry != root.Registry || trading != root.Trading || p.events.Seq() != root.AtSeq {
				return fmt.Errorf("record %d states roots %s and %s of %d; replayed at %d they are %s and %s",
					r.Seq, root.Registry, root.Trading, root.AtSeq, p.events.Seq(), registry, trading)
			}
			p.report.Roots++
			p.report.RecordedAt, p.report.Recorded = root.AtSeq, [2]prop.Hash{registry, trading}
		}
	}
	p.events.Begin(request.StampOf(*r))
	for _, e := range r.Events {
		p.report.Events++
		p.events.Evolve(e)
	}
	return nil
}

// decide runs the record's command through the engine and says how the outcome differs.
func (p *replay) decide(r *prop.Record, raw []byte) string {
	cmd := prop.Signed{Command: r.Command}
	if r.Envelope != nil {
		var err error
		if cmd, err = request.Decode(r.Envelope); err != nil {
			return "the call does not decode: " + err.Error()
		}
	}
	out, err := engine.Apply(p.decided, r.At, cmd)
	if err != nil {
		return "refused: " + err.Error()
	}
	again, err := wire.EncodeRecord(prop.Record{Seq: out.Stamp.Seq, At: r.At, Envelope: r.Envelope, Command: r.Command, Events: out.Events})
	if err != nil {
		return err.Error()
	}
	if !bytes.Equal(again, raw) {
		return fmt.Sprintf("decided %s, recorded %s", kinds(out.Events), kinds(r.Events))
	}
	return ""
}

func kinds(events []prop.Event) string {
	var b bytes.Buffer
	for _, e := range events {
		fmt.Fprintf(&b, " %T%+v", e, e)
	}
	return b.String()
}
