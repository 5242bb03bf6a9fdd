package feed

import (
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/propnet/propnet/prop"
)

func TestBarOrder(t *testing.T) {
	for _, c := range []struct{ name, bar, want string }{
		{"high nearer", "10,11,8,9", "10 11 8 9"},
		{"low nearer", "10,12,9,11", "10 9 12 11"},
		{"equal distance: low first", "10,12,8,11", "10 8 12 11"},
		{"doji", "10,10,10,10", "10 10 10 10"},
		{"doji with shadows", "10,10.5,9,10", "10 10.5 9 10"},
		{"open is the high", "10,10,8,9", "10 10 8 9"},
		{"open is the low", "10,12,10,11", "10 10 12 11"},
		{"last digits decide", "1.0000000002,1.0000000003,1.0000000000,1.0000000001", "1.0000000002 1.0000000003 1 1.0000000001"},
		{"largest", "461168601,922337203,0.0000000001,1", "461168601 0.0000000001 922337203 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, info := replay(t, csv("2020-01-02 00:00:00,"+c.bar, row2))
			g, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			var got, at []string
			for _, b := range g.Batches {
				if len(b.Quotes) != 1 || b.Quotes[0].Pair != pair || b.Quotes[0].Bid != b.Quotes[0].Ask {
					t.Fatalf("quotes %+v", b.Quotes)
				}
				got = append(got, b.Quotes[0].Bid.String())
				at = append(at, strings.TrimPrefix(b.Observed.String(), "2020-01-02T00:"))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
			if s := strings.Join(at, " "); s != "00:00.000Z 00:15.000Z 00:30.000Z 00:45.000Z" {
				t.Errorf("at %s", s)
			}
			if info.BarMs != 60_000 || g.At() != g.Batches[3].Observed {
				t.Errorf("bar of %d ms, group at %s", info.BarMs, g.At())
			}
		})
	}
}

// A price that jumps between two bars is told as it stands: nothing is put between.
func TestPriceGap(t *testing.T) {
	r, info := replay(t, csv("2020-01-02 00:00:00,5,5,5,5", "2020-01-02 00:01:00,9,10,9,10"))
	got := show(info.First, take(t, r, 9)...)
	want := "0:BTCUSD/5/5 15:BTCUSD/5/5 30:BTCUSD/5/5 45:BTCUSD/5/5\n" +
		"60:BTCUSD/9/9 75:BTCUSD/9/9 90:BTCUSD/10/10 105:BTCUSD/10/10"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestQuarterOfASecond(t *testing.T) {
	r, info := replay(t, csv("2020-01-02 00:00:00,5,5,5,5", "2020-01-02 00:00:01,5,5,5,5"))
	g, _ := r.Next()
	if got := g.At() - info.First; got != 750 || info.BarMs != 1000 {
		t.Errorf("the close stands %d ms after the open, bars of %d ms", got, info.BarMs)
	}
}

func TestSorted(t *testing.T) {
	for _, c := range []struct {
		name string
		at   []int
		want int
	}{
		{"in order", []int{1, 2, 3, 4}, 0},
		{"one early", []int{1, 3, 2, 4}, 1},
		{"a block that stands too late is one place", []int{4, 5, 6, 1, 2, 3}, 1},
		{"backwards", []int{4, 3, 2, 1}, 3},
		{"two pairs", []int{2, 1, 4, 3}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, info := replay(t, minutes(c.at...))
			if info.Sorted != c.want || info.Bars != len(c.at) || info.Holes != 0 {
				t.Errorf("got %+v, want %d sorted", info, c.want)
			}
			if info.First != info.Last-prop.Instant(len(c.at)-1)*60_000 {
				t.Errorf("from %s to %s", info.First, info.Last)
			}
			orderly(t, take(t, r, 99))
		})
	}
}

func TestHoles(t *testing.T) {
	for _, c := range []struct {
		name  string
		at    []int
		holes int
		empty []int // minutes of the batches without quotes
	}{
		{"none", []int{1, 2, 3}, 0, nil},
		{"one bar", []int{1, 2, 4, 5}, 1, []int{3}},
		{"two holes", []int{1, 3, 4, 7}, 2, []int{2, 5, 6}},
		{"ten bars", []int{1, 2, 13}, 1, []int{3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
		{"eleven bars", []int{1, 2, 14}, 1, []int{3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}},
		{"long", []int{1, 2, 1400}, 1, []int{3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1399}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, info := replay(t, minutes(c.at...))
			groups := take(t, r, 999)
			orderly(t, groups)
			base := info.First - prop.Instant(c.at[0])*60_000
			var empty, bars []int
			for _, g := range groups {
				minute := int((g.Batches[0].Observed - base) / 60_000)
				if len(g.Batches) == 1 && len(g.Batches[0].Quotes) == 0 {
					empty = append(empty, minute)
				} else {
					bars = append(bars, minute)
				}
			}
			if info.Holes != c.holes || !equal(empty, c.empty) || !equal(bars, c.at) {
				t.Errorf("%d holes, empty %v, bars %v", info.Holes, empty, bars)
			}
		})
	}
}

// A bar off the grid of its neighbours makes a hole where time passed and no bar began.
func TestHoleOffTheGrid(t *testing.T) {
	r, info := replay(t, csv("2020-01-02 00:00:00,5,5,5,5", "2020-01-02 00:01:00,5,5,5,5", "2020-01-02 00:02:30,5,5,5,5"))
	groups := take(t, r, 9)
	orderly(t, groups)
	if got := show(info.First, groups[2]); info.Holes != 1 || len(groups) != 4 || got != "120:" {
		t.Errorf("%+v, %d groups, third %q", info, len(groups), got)
	}
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Skip at any instant continues with exactly the groups that end later, however many were read
// before it.
func TestReplaySkip(t *testing.T) {
	text := minutes(1, 2, 3, 5, 6, 20, 21, 24)
	r, info := replay(t, text)
	all := take(t, r, 999)
	rng := rand.New(rand.NewPCG(1, 2))
	for at := info.First - 30_000; at <= info.Last+90_000; at += 7_500 {
		r, _ := replay(t, text)
		rest := all
		for range rng.IntN(4) {
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
			rest = rest[1:]
		}
		r.Skip(at)
		for len(rest) > 0 && rest[0].At() <= at {
			rest = rest[1:]
		}
		if got, want := show(0, take(t, r, 999)...), show(0, rest...); got != want {
			t.Fatalf("after %s got\n%s\nwant\n%s", at, got, want)
		}
		if _, err := r.Next(); err != io.EOF {
			t.Fatalf("after the end: %v", err)
		}
	}
}

// TestRealFile reads a file as an exchange's archive has it: out of order in places, and with
// holes of minutes and of weeks.
func TestRealFile(t *testing.T) {
	path := filepath.Join(moduleRoot(t), "..", "shared", "data", "prices", "BTCUSD-1m-2016.csv.gz")
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the price file is missing: %v", err)
		}
		t.Skipf("NOT TESTED on real prices: %v", err)
	}
	r, info, err := OpenReplay(path, pair)
	if err != nil {
		t.Fatal(err)
	}
	if info.First.String() != "2016-02-09T20:51:00.000Z" || info.Last.String() != "2016-04-19T20:27:00.000Z" {
		t.Errorf("from %s to %s", info.First, info.Last)
	}
	info.First, info.Last = 0, 0
	if want := (ReplayInfo{Bars: 50_669, Sorted: 69, Holes: 16, BarMs: 60_000}); info != want {
		t.Errorf("got %+v, want %+v", info, want)
	}
	groups := take(t, r, 1<<20)
	orderly(t, groups)
	// Seven holes of one bar, three of two, one of three, and five long ones.
	if got := len(groups) - info.Bars; got != 7*1+3*2+1*3+5*11 {
		t.Errorf("%d groups without quotes", got)
	}
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the package")
		}
		dir = parent
	}
}
