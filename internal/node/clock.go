package node

import (
	"sync"
	"time"

	"github.com/propnet/propnet/prop"
)

// Clock is where time enters. At is asked for each command, in order, and again for one that has to
// wait for the next block; the loop never lets time run backwards whatever it answers. Unsure tells
// why time cannot be trusted now.
type Clock interface {
	At(prop.Signed) prop.Instant
	Now() prop.Instant
	Unsure() error
}

// WallClock is the machine's time.
type WallClock struct{ start time.Time }

// maxStep is how far wall and monotonic time may drift apart before the clock counts as stepped.
const maxStep = 5 * time.Second

// NewWallClock starts watching for steps.
func NewWallClock() *WallClock { return &WallClock{start: time.Now()} }

// Now is the wall time.
func (*WallClock) Now() prop.Instant { return prop.Instant(time.Now().UnixMilli()) }

// At is the wall time, whatever the command.
func (c *WallClock) At(prop.Signed) prop.Instant { return c.Now() }

// Unsure refuses while wall time is more than 5 s away from where monotonic time says it should be.
func (c *WallClock) Unsure() error {
	now := time.Now()
	step := now.Round(0).Sub(c.start.Round(0)) - now.Sub(c.start) // Round strips the monotonic reading
	if step.Abs() > maxStep {
		return prop.Refuse(prop.ClockUnsure, "the machine's clock stepped by "+step.Round(time.Millisecond).String())
	}
	return nil
}

// DataClock is a replay's or simulator's time: it stands still between the feed's batches.
type DataClock struct {
	mu  sync.Mutex
	now prop.Instant
}

// NewDataClock starts at an instant.
func NewDataClock(start prop.Instant) *DataClock { return &DataClock{now: start} }

// Now is the time of the last batch.
func (c *DataClock) Now() prop.Instant {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// At moves time to that of the feed's own batch; a pushed batch does not set the clock.
func (c *DataClock) At(s prop.Signed) prop.Instant {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := s.Command.(*prop.ObservePrices); ok && s.Internal() {
		c.now = max(c.now, p.Observed)
	}
	return c.now
}

// resume moves time to where an earlier run left it.
func (c *DataClock) resume(at prop.Instant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = max(c.now, at)
}

// Unsure never refuses: data time is what the data says.
func (*DataClock) Unsure() error { return nil }

// stopwatch measures how long something took, for metrics alone.
type stopwatch struct{ start time.Time }

func startWatch() stopwatch { return stopwatch{time.Now()} }

func (w stopwatch) elapsed() time.Duration { return time.Since(w.start) }
