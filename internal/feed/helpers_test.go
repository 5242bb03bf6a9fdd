package feed

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

const pair = "BTCUSD"

// csv is a file of the rows under the header without volume.
func csv(rows ...string) string { return header + "\n" + strings.Join(rows, "\n") + "\n" }

// minutes is a file with a flat bar at each of the minutes of one day. The prices tell them apart.
func minutes(at ...int) string {
	var rows []string
	for _, m := range at {
		rows = append(rows, fmt.Sprintf("2020-01-02 %02d:%02d:00,%d,%d,%d,%d", m/60, m%60, m+1, m+1, m+1, m+1))
	}
	return csv(rows...)
}

func zip(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func replay(t testing.TB, text string) (*Replay, ReplayInfo) {
	t.Helper()
	r, info, err := NewReplay(strings.NewReader(text), "t.csv", pair)
	if err != nil {
		t.Fatal(err)
	}
	return r, info
}

// show prints groups, one a line, with times relative to base in seconds.
func show(base prop.Instant, groups ...Group) string {
	var b strings.Builder
	for i, g := range groups {
		if i > 0 {
			b.WriteByte('\n')
		}
		for j, batch := range g.Batches {
			if j > 0 {
				b.WriteByte(' ')
			}
			fmt.Fprintf(&b, "%d:", (batch.Observed-base)/1000)
			for k, q := range batch.Quotes {
				if k > 0 {
					b.WriteByte('+')
				}
				fmt.Fprintf(&b, "%s/%s/%s", q.Pair, q.Bid, q.Ask)
			}
		}
	}
	return b.String()
}

// take reads up to n groups; the source may end before.
func take(t testing.TB, s Source, n int) []Group {
	t.Helper()
	var out []Group
	for len(out) < n {
		g, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, g)
	}
	return out
}

// orderly reports what no source may yield: an empty group, time that stands or runs back, a
// quote that is none.
func orderly(t testing.TB, groups []Group) {
	t.Helper()
	var last *prop.Instant
	for _, g := range groups {
		if len(g.Batches) == 0 {
			t.Fatal("a group without batches")
		}
		for _, b := range g.Batches {
			if last != nil && b.Observed <= *last {
				t.Fatalf("a batch of %s after one of %s", b.Observed, *last)
			}
			last = &b.Observed
			for _, q := range b.Quotes {
				if q.Bid <= 0 || q.Ask < q.Bid {
					t.Fatalf("at %s: bid %s, ask %s", b.Observed, q.Bid, q.Ask)
				}
			}
		}
	}
}

func mustPrice(t testing.TB, s string) fixed.Price {
	t.Helper()
	p, err := fixed.ParsePrice(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
