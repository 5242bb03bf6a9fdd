package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"

	"github.com/pelletier/go-toml/v2"

	"github.com/propnet/propnet/client"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/demo"
	"github.com/propnet/propnet/internal/feed"
	"github.com/propnet/propnet/internal/node"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/prop"
)

//go:embed devnet.toml
var devnetGenesis []byte

type devnetCmd struct {
	Prices   string `help:"CSV of bars to replay (date,open,high,low,close[,volume]; gz too). Default: the seeded market simulator." type:"existingfile"`
	Pair     string `help:"Pair that is traded." default:"BTCUSD"`
	Speed    string `help:"Seconds of market time per second, or max." default:"600"`
	Traders  int    `help:"Number of demo traders." default:"10"`
	Seed     uint64 `help:"Seed of the simulator, the traders and the devnet's keys." default:"1"`
	UntilEnd bool   `help:"Stop at the end of the prices."`
	Data     string `help:"Data directory; an existing one is resumed." default:"devnet-data" type:"path"`
	Listen   string `help:"Address of the API." default:"127.0.0.1:8480"`
}

// devnetFile is devnet.json in the data directory: what a resumed run must have in common.
type devnetFile struct {
	Prices  string `json:"prices"` // SHA-256 of the file, empty for the simulator
	Pair    string `json:"pair"`
	Traders int    `json:"traders"`
	Seed    uint64 `json:"seed"`
}

// simulated market: one batch each 15 s of market time.
const (
	simStart = prop.Instant(1_767_225_600_000) // 2026-01-01T00:00:00Z
	simStep  = 15_000
)

// market is where a devnet's prices come from.
type marketSource struct {
	feed.Source
	start    prop.Instant // of the first group
	maxAgeMs int64        // stale after this
	id       string       // SHA-256 of the file
	note     string
}

func (c *devnetCmd) market() (m marketSource, err error) {
	if c.Prices == "" {
		m.Source = feed.NewSim(feed.SimConfig{Seed: c.Seed, Start: simStart, StepMs: simStep, Pairs: []feed.SimPair{
			{ID: c.Pair, Price: 60_000 * fixed.PriceScale, VolPPM: 400, SpreadPPM: 100},
		}})
		m.start, m.maxAgeMs, m.note = simStart, 2*simStep, "simulated market, seed "+strconv.FormatUint(c.Seed, 10)
		return m, nil
	}
	body, err := os.ReadFile(c.Prices)
	if err != nil {
		return m, err
	}
	replay, info, err := feed.NewReplay(bytes.NewReader(body), filepath.Base(c.Prices), c.Pair)
	if err != nil {
		return m, err
	}
	sum := sha256.Sum256(body)
	m = marketSource{Source: replay, start: info.First, maxAgeMs: 2 * info.BarMs, id: fmt.Sprintf("%x", sum)}
	m.note = fmt.Sprintf("%s: %d bars from %s to %s, %d stood out of order and were sorted, %d holes", filepath.Base(c.Prices), info.Bars, info.First, info.Last, info.Sorted, info.Holes)
	return m, nil
}

// genesis is the devnet's, with keys that follow from the seed.
func (c *devnetCmd) genesis(m marketSource) (prop.Genesis, error) {
	var g prop.Genesis
	if err := toml.Unmarshal(devnetGenesis, &g); err != nil {
		return g, err
	}
	g.Origin = c.nodeKey().Public()
	g.Operators = []prop.Operator{{Key: client.NewKey(demo.Seed(c.Seed, "feed")).Public(), Roles: []prop.Role{prop.FeedRole, prop.RiskRole}}}
	g.RuleSets[0].MaxPriceAgeMs = m.maxAgeMs
	if _, err := pairOf(&g, c.Pair); err != nil {
		return g, err
	}
	return g, rules.CheckGenesis(&g)
}

func pairOf(g *prop.Genesis, id string) (prop.Pair, error) {
	for _, p := range g.Pairs {
		if p.ID == id {
			return p, nil
		}
	}
	return prop.Pair{}, fmt.Errorf("--pair: %s is not one of the devnet's pairs", id)
}

func (c *devnetCmd) nodeKey() *client.Key { return client.NewRepeatableKey(demo.Seed(c.Seed, "node")) }

// Run makes or resumes the devnet and drives it in lockstep: prices, then the traders, then their
// effects, so that one seed gives one sequence of records.
func (c *devnetCmd) Run(a *app) error {
	if c.Traders < 1 || c.Traders > 100 {
		return errors.New("--traders: 1 to 100")
	}
	speed, err := parseSpeed(c.Speed)
	if err != nil {
		return err
	}
	m, err := c.market()
	if err != nil {
		return err
	}
	if err := c.prepare(m); err != nil {
		return err
	}
	conf := config{Listen: c.Listen, TwinDeposit: 100_000 * fixed.ThetaScale, TokenHashes: []prop.Hash{sha256.Sum256([]byte(openToken))}}
	if err := conf.checkListen(); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(a.errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))
	r, err := open(c.Data, conf, node.NewDataClock(m.start-60_000), c.nodeKey(), log)
	if err != nil {
		return err
	}
	defer r.close()
	took := stopwatch()
	if err := r.start(a.ctx, c.Data, conf, func(ctx context.Context) error { return c.drive(ctx, a, r, m, speed) }); err != nil {
		return err
	}
	return c.finish(a, r, took())
}

// errEnd ends a devnet that was asked to run until the end of its prices.
var errEnd = errors.New("the prices have ended")

func (c *devnetCmd) drive(ctx context.Context, a *app, r *running, m marketSource, speed float64) error {
	resumed := r.view.AsOf()
	fmt.Fprintf(a.errOut, "devnet %s: %s\ndashboard: %s/?token=%s\n", c.Data, m.note, r.url, openToken)
	if resumed.Seq > 1 {
		fmt.Fprintf(a.errOut, "resumed after record %d of %s\n", resumed.Seq, resumed.At)
	}
	pair, err := pairOf(r.node.Genesis(), c.Pair)
	if err != nil {
		return err
	}
	firm := demo.NewFirm(client.New(r.url, openToken), c.Seed, c.Pair, pair.Class, c.Traders)
	if err := firm.Open(ctx); err != nil {
		return err
	}
	src := &resuming{Source: m.Source, after: lastPrices(r), watch: firm.Watch}
	p := newProgress(a.errOut, r, c.Pair)
	defer p.stop()
	err = feed.Run(ctx, src, feedNode{r.node}, speed, func(ctx context.Context, g feed.Group) error {
		firm.Watch(g.Batches)
		err := errors.Join(r.node.Settle(ctx), firm.Act(ctx, g.At()), r.node.Settle(ctx))
		p.group(g.At())
		return err
	})
	if err != nil {
		return err
	}
	if c.UntilEnd {
		return errEnd
	}
	fmt.Fprintln(a.errOut, "\nthe prices have ended; the node goes on serving until Ctrl-C")
	return nil
}

// lastPrices is the newest time that prices were seen at: a resumed run goes on after it.
func lastPrices(r *running) (last prop.Instant) {
	prices, _ := r.view.Prices(0)
	for _, p := range prices {
		last = max(last, p.Seen)
	}
	return last
}

// resuming lets the traders see again what an earlier run has submitted, and submits the rest.
type resuming struct {
	feed.Source
	after prop.Instant
	watch func([]*prop.ObservePrices)
}

func (s *resuming) Next() (feed.Group, error) {
	for {
		g, err := s.Source.Next()
		if err != nil || g.At() > s.after {
			return g, err
		}
		s.watch(g.Batches)
	}
}

// feedNode submits a group of batches into one block.
type feedNode struct{ *node.Node }

func (n feedNode) SubmitGroup(ctx context.Context, batches []*prop.ObservePrices) error {
	cmds := make([]prop.Command, len(batches))
	for i, b := range batches {
		cmds[i] = b
	}
	return n.Command(ctx, cmds...)
}

// prepare makes the data directory, or checks that it belongs to this devnet.
func (c *devnetCmd) prepare(m marketSource) error {
	want := devnetFile{Prices: m.id, Pair: c.Pair, Traders: c.Traders, Seed: c.Seed}
	path := filepath.Join(c.Data, "devnet.json")
	body, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		g, err := c.genesis(m)
		if err != nil {
			return err
		}
		if _, err := initDir(c.Data, "", g, c.nodeKey(), m.start-60_000); err != nil {
			return err
		}
		if body, err = json.Marshal(want); err != nil {
			return err
		}
		return os.WriteFile(path, append(body, '\n'), 0o600)
	}
	if err != nil {
		return err
	}
	var have devnetFile
	if err := json.Unmarshal(body, &have); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if have != want {
		return fmt.Errorf("%s was made with other prices, pair, traders or seed; use them again, or another --data", c.Data)
	}
	return nil
}

func parseSpeed(s string) (float64, error) {
	if s == "max" {
		return 0, nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v > 0 && v < 1e9) {
		return 0, fmt.Errorf("--speed: a positive number or max, not %q", s)
	}
	return v, nil
}
