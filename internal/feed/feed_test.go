package feed

import (
	"context"
	"errors"
	"io"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/propnet/propnet/prop"
)

var (
	_ Source = (*Replay)(nil)
	_ Source = (*Sim)(nil)
)

// list is a source of groups, and then of an error.
type list struct {
	groups []Group
	err    error
}

func (l *list) Next() (Group, error) {
	if len(l.groups) == 0 {
		return Group{}, l.err
	}
	g := l.groups[0]
	l.groups = l.groups[1:]
	return g, nil
}

// every is n groups of one batch, so many milliseconds apart.
func every(ms, n int) *list {
	l := &list{err: io.EOF}
	for i := range n {
		l.groups = append(l.groups, Group{Batches: []*prop.ObservePrices{{Observed: prop.Instant(i * ms)}}})
	}
	return l
}

// keeper is a node that keeps what it is given.
type keeper struct {
	got  []Group
	hook func(context.Context) error
}

func (k *keeper) SubmitGroup(ctx context.Context, batches []*prop.ObservePrices) error {
	if k.hook != nil {
		if err := k.hook(ctx); err != nil {
			return err
		}
	}
	k.got = append(k.got, Group{Batches: batches})
	return nil
}

func TestGroupAt(t *testing.T) {
	g := Group{Batches: []*prop.ObservePrices{{Observed: 1}, {Observed: 2}}}
	if g.At() != 2 || (Group{}).At() != 0 {
		t.Errorf("got %d and %d", g.At(), Group{}.At())
	}
}

func TestRunAll(t *testing.T) {
	r, info := replay(t, minutes(1, 2, 5))
	node := &keeper{}
	var after []Group
	err := Run(t.Context(), r, node, 0, func(_ context.Context, g Group) error {
		if len(node.got) != len(after)+1 {
			t.Errorf("after is called with %d groups durable, %d told", len(node.got), len(after))
		}
		after = append(after, g)
		return nil
	})
	want, _ := replay(t, minutes(1, 2, 5))
	all := show(info.First, take(t, want, 99)...)
	if err != nil || show(info.First, node.got...) != all || show(info.First, after...) != all {
		t.Errorf("%v, got\n%s\nwant\n%s", err, show(info.First, node.got...), all)
	}
}

func TestRunErrors(t *testing.T) {
	boom := errors.New("boom")
	never := func(context.Context, Group) error { t.Error("after a group that isn't durable"); return nil }
	for _, speed := range []float64{0, 1e6} {
		if err := Run(t.Context(), &list{err: boom}, &keeper{}, speed, nil); !errors.Is(err, boom) {
			t.Errorf("source: got %v", err)
		}
		refusing := &keeper{hook: func(context.Context) error { return boom }}
		if err := Run(t.Context(), every(1000, 3), refusing, speed, never); !errors.Is(err, boom) {
			t.Errorf("node: got %v", err)
		}
		node := &keeper{}
		err := Run(t.Context(), every(1000, 3), node, speed, func(context.Context, Group) error { return boom })
		if !errors.Is(err, boom) || len(node.got) != 1 {
			t.Errorf("after: got %v, %d groups", err, len(node.got))
		}
	}
	for _, speed := range []float64{-1, math.NaN(), math.Inf(1)} {
		if err := Run(t.Context(), every(1, 1), &keeper{}, speed, nil); err == nil {
			t.Errorf("a speed of %v", speed)
		}
	}
}

// What the source yields before it fails is submitted, although the pacer reads ahead.
func TestRunReadsAhead(t *testing.T) {
	boom := errors.New("boom")
	src, node := every(1, 2), &keeper{}
	src.err = boom
	if err := Run(t.Context(), src, node, 1000, nil); !errors.Is(err, boom) || len(node.got) != 2 {
		t.Errorf("got %v, %d groups", err, len(node.got))
	}
}

func TestRunCancelled(t *testing.T) {
	for _, speed := range []float64{0, 1e9} {
		ctx, cancel := context.WithCancel(t.Context())
		node := &keeper{}
		err := Run(ctx, NewSim(market(t, 1)), node, speed, func(context.Context, Group) error {
			if len(node.got) == 3 {
				cancel()
			}
			return nil
		})
		if err != context.Canceled || len(node.got) != 3 {
			t.Errorf("speed %v: got %v after %d groups", speed, err, len(node.got))
		}
		// A context that is over from the start submits nothing.
		node = &keeper{}
		if err := Run(ctx, NewSim(market(t, 1)), node, speed, nil); err != context.Canceled || len(node.got) != 0 {
			t.Errorf("speed %v: got %v after %d groups", speed, err, len(node.got))
		}
	}
}

// A node that gives up because of the context is no failure of its own; one that fails while the
// context ends is.
func TestRunCancelledInSubmit(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct{ fails, want error }{{nil, context.Canceled}, {boom, boom}} {
		ctx, cancel := context.WithCancel(t.Context())
		err := Run(ctx, every(1, 1), &keeper{hook: func(ctx context.Context) error {
			cancel()
			if c.fails != nil {
				return c.fails
			}
			return ctx.Err()
		}}, 0, nil)
		if !errors.Is(err, c.want) || c.fails == nil && err != context.Canceled {
			t.Errorf("got %v, want %v", err, c.want)
		}
	}
}

// Groups leave at the pace of their data, and what the node takes doesn't add up to a lag.
func TestRunPace(t *testing.T) {
	for _, c := range []struct {
		name  string
		speed float64
		takes time.Duration // of one submission
		until time.Duration
		want  int
	}{
		{"real time", 1, 0, 2999 * time.Millisecond, 3},
		{"real time, a moment later", 1, 0, 3001 * time.Millisecond, 4},
		{"twice as fast", 2, 0, 2999 * time.Millisecond, 6},
		{"half as fast", 0.5, 0, 2999 * time.Millisecond, 2},
		{"busy node", 1, 900 * time.Millisecond, 9999 * time.Millisecond, 10},
		{"overloaded node", 10, time.Second, 4500 * time.Millisecond, 5},
		{"nearly standing", 1e-300, 0, time.Hour, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.until)
				defer cancel()
				started := 0
				node := &keeper{hook: func(context.Context) error {
					started++
					time.Sleep(c.takes)
					return nil
				}}
				err := Run(ctx, every(1000, 1000), node, c.speed, nil)
				if err != context.DeadlineExceeded || started != c.want {
					t.Errorf("got %v with %d groups, want %d", err, started, c.want)
				}
			})
		})
	}
}
