package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/propnet/propnet/prop"
)

// Group is the batches that belong into one block, in order of time. A source yields no group
// without batches.
type Group struct{ Batches []*prop.ObservePrices }

// At is the time of the group's last batch.
func (g Group) At() prop.Instant {
	if len(g.Batches) == 0 {
		return 0
	}
	return g.Batches[len(g.Batches)-1].Observed
}

// Source yields groups in order of time; io.EOF at the end.
type Source interface{ Next() (Group, error) }

// Node is what Run needs of a node: SubmitGroup returns once the batches are durable in one
// block.
type Node interface {
	SubmitGroup(ctx context.Context, batches []*prop.ObservePrices) error
}

// Run submits the source's groups until it ends (nil), the context does (its error), or
// something fails. speed is seconds of data per second of wall time; 0 is as fast as it goes.
// after, which may be nil, is called once a group is durable. Run may have read further than it
// submitted, so a source is spent after it: to resume, take a new one and Skip.
func Run(ctx context.Context, src Source, node Node, speed float64, after func(context.Context, Group) error) error {
	if math.IsNaN(speed) || math.IsInf(speed, 0) || speed < 0 {
		return fmt.Errorf("feed: a speed of %v: want 0 or more", speed)
	}
	next := src.Next
	if speed > 0 {
		p := newPacer(src, speed)
		defer p.timer.Stop()
		next = func() (Group, error) { return p.next(ctx) }
	}
	for {
		g, err := next()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := pass(ctx, g, node, after); err != nil {
			return err
		}
	}
}

// pass makes one group durable and says so.
func pass(ctx context.Context, g Group, node Node, after func(context.Context, Group) error) error {
	if err := node.SubmitGroup(ctx, g.Batches); err != nil {
		return failed(ctx, "submit", g, err)
	}
	if after == nil {
		return nil
	}
	if err := after(ctx, g); err != nil {
		return failed(ctx, "after", g, err)
	}
	return nil
}

// failed gives a cancelled run the context's own error, and any other failure its place. A fault
// that merely coincides with the cancelling keeps its own words.
func failed(ctx context.Context, what string, g Group, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return ctx.Err()
	}
	return fmt.Errorf("feed: %s prices of %s: %w", what, g.At(), err)
}

// pacer releases groups at the pace of their times. It reads one group ahead, so that the wait
// for a group runs while the one before it is being submitted: the time that a node takes is not
// added to the pace, and a run doesn't fall behind by one fsync per group.
type pacer struct {
	src   Source
	speed float64
	ahead Group
	err   error // of reading ahead
	timer *time.Timer
}

func newPacer(src Source, speed float64) *pacer {
	p := &pacer{src: src, speed: speed, timer: time.NewTimer(0)} // the first group is due at once
	p.ahead, p.err = src.Next()
	return p
}

func (p *pacer) next(ctx context.Context) (Group, error) {
	if p.err != nil {
		return Group{}, p.err
	}
	select {
	case <-ctx.Done():
		return Group{}, ctx.Err()
	case <-p.timer.C:
	}
	g := p.ahead
	if p.ahead, p.err = p.src.Next(); p.err == nil {
		p.timer.Reset(wall(p.ahead.At()-g.At(), p.speed))
	}
	return g, nil
}

// wall is how long a stretch of data takes at a speed. Floats are fine here: they move when a
// group is submitted, never what is in it.
func wall(data prop.Instant, speed float64) time.Duration {
	ns := float64(data) * float64(time.Millisecond) / speed
	if ns >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(ns)
}
