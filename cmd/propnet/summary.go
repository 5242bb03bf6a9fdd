package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/propnet/propnet/prop"
)

// devnetSummary is the last line of devnet --json.
type devnetSummary struct {
	Accounts struct {
		ByStatus map[string]int `json:"by_status"`
		ByBucket map[string]int `json:"by_bucket"`
	} `json:"accounts"`
	Eliminations struct {
		ByReason map[string]int `json:"by_reason"`
	} `json:"eliminations"`
	Orders  int       `json:"orders"`
	Fills   int       `json:"fills"`
	FeesUSD string    `json:"fees_usd"`
	Seq     uint64    `json:"seq"`
	Root    rootsJSON `json:"root"`
	Seconds float64   `json:"seconds"`
}

type rootsJSON struct {
	AtSeq    uint64    `json:"at_seq"`
	Registry prop.Hash `json:"registry"`
	Trading  prop.Hash `json:"trading"`
}

// stopwatch tells how long ago it was made, for the summary alone.
func stopwatch() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

// finish prints what the devnet came to; the loop has recorded a last root.
func (c *devnetCmd) finish(a *app, r *running, took time.Duration) error {
	s := r.view.Summary()
	var out devnetSummary
	out.Accounts.ByStatus, out.Accounts.ByBucket, out.Eliminations.ByReason = s.ByStatus, s.ByBucket, s.ByReason
	out.Orders, out.Fills, out.FeesUSD, out.Seq = s.Orders, s.Fills, s.Fees.String(), s.AsOf.Seq
	out.Root = rootsJSON{s.Root.AtSeq, s.Root.Registry, s.Root.Trading}
	out.Seconds = float64(took.Milliseconds()) / 1000
	if a.json {
		line, err := json.Marshal(out)
		if err == nil {
			_, err = fmt.Fprintf(a.out, "%s\n", line)
		}
		return err
	}
	fmt.Fprintln(a.out)
	return a.print(out)
}

// progress is the live line of a devnet. group is called by the driver, show by its own ticker.
type progress struct {
	out    io.Writer
	r      *running
	pair   string
	mu     sync.Mutex
	at     prop.Instant
	groups int
	quit   chan struct{}
	done   sync.WaitGroup
}

// showEvery is how often the line is printed anew.
const showEvery = time.Second

func newProgress(out io.Writer, r *running, pair string) *progress {
	p := &progress{out: out, r: r, pair: pair, quit: make(chan struct{})}
	p.done.Go(func() {
		t := time.NewTicker(showEvery)
		defer t.Stop()
		last := 0
		for {
			select {
			case <-t.C:
				last = p.show(last)
			case <-p.quit:
				return
			}
		}
	})
	return p
}

func (p *progress) group(at prop.Instant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = at
	p.groups++
}

func (p *progress) show(last int) int {
	p.mu.Lock()
	at, groups := p.at, p.groups
	p.mu.Unlock()
	s := p.r.view.Summary()
	mark := ""
	prices, _ := p.r.view.Prices(0)
	for _, x := range prices {
		if x.Pair.ID == p.pair {
			mark = x.Mark.String()
		}
	}
	fmt.Fprintf(p.out, "%.16s  %s %s  accounts: %d in challenge, %d funded, %d eliminated  orders %d  fills %d  fees $%s  record %d  %d batches/s\n",
		at, p.pair, mark, s.ByBucket["challenge"], s.ByBucket["funded"], s.ByStatus["eliminated"], s.Orders, s.Fills, s.Fees, s.AsOf.Seq, groups-last)
	return groups
}

func (p *progress) stop() {
	close(p.quit)
	p.done.Wait()
}
