package engine_test

import (
	"math"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

var (
	anyName = rapid.SampledFrom([]string{"E", "E", "E", "E", "F", "X"})
	anyPair = rapid.SampledFrom([]string{"BTCUSD", "BTCUSD", "BTCUSD", "ETHUSD", "ETHUSD", "XYZUSD"})
	sides   = rapid.SampledFrom(append(slices.Repeat([]prop.Side{prop.Long, prop.Short}, 8), prop.Flat, prop.Flat, prop.Flat, 0, 9))
	rubbish = rapid.SampledFrom([]int64{0, 1, -1, usd, -usd, 1 << 62, math.MaxInt64, -math.MaxInt64, math.MinInt64})
	kinds   = []string{"prices", "order", "register", "create", "deposit", "submit", "complete", "tick", "root", "genesis", "nothing"}
	anyKind = rapid.SampledFrom(append(slices.Repeat([]string{"prices", "order"}, 6), slices.Concat([]string{"submit", "complete"}, kinds)...))
)

// one in n is true now and then.
func (m *machine) oneIn(n int, what string) bool { return rapid.IntRange(1, n).Draw(m.t, what) == n }

// command draws one of every kind, with rubbish; roughly half of them can succeed.
func (m *machine) command() prop.Signed {
	name := anyName.Draw(m.t, "entity")
	switch anyKind.Draw(m.t, "command") {
	case "prices":
		if m.oneIn(4, "pushed") {
			return m.signed(m.quotes(), key(rapid.SampledFrom([]string{"O", "O", "E"}).Draw(m.t, "signer")))
		}
		return prop.Signed{Command: m.quotes()}
	case "order":
		return m.signed(m.order(name), key(rapid.SampledFrom([]string{name, name, name, name, name, name, name + "-cold", "X"}).Draw(m.t, "signer")))
	case "register":
		return m.signed(&prop.RegisterEntity{Hotkey: key(name), Coldkey: key(name + "-cold")}, key(anyName.Draw(m.t, "signer")))
	case "create":
		return m.signed(&prop.CreateSubaccount{Entity: key(name)}, key(name))
	case "deposit":
		amount := rapid.OneOf(rapid.Int64Range(0, 12_000*fixed.ThetaScale), rubbish).Draw(m.t, "deposit")
		return prop.Signed{Command: &prop.ObserveCollateral{Entity: key(name), Deposited: fixed.Theta(amount)}}
	case "submit":
		return prop.Signed{Command: &prop.RecordSubmission{Effect: m.effect(), TxHash: prop.Hash{1}}}
	case "complete":
		detail := rapid.SampledFrom([]string{"", "done", strings.Repeat("é", prop.MaxDetailBytes), "x" + strings.Repeat("é", prop.MaxDetailBytes), "\xff"}).Draw(m.t, "detail")
		return prop.Signed{Command: &prop.CompleteEffect{Effect: m.effect(), OK: rapid.Bool().Draw(m.t, "ok"), Detail: detail}}
	case "tick":
		return prop.Signed{Command: &prop.Tick{}}
	case "root":
		cmd := &prop.RecordRoot{AtSeq: m.live.Seq() - uint64(rapid.IntRange(0, 1).Draw(m.t, "behind"))}
		cmd.Registry, cmd.Trading = m.live.Roots()
		return prop.Signed{Command: cmd}
	case "genesis":
		return prop.Signed{Command: &prop.Start{Genesis: *m.live.Genesis()}}
	}
	return prop.Signed{}
}

// signed gives a command a new id, now and then an old one or one out of the window.
func (m *machine) signed(cmd prop.Command, signer prop.Hotkey) prop.Signed {
	n := len(m.ids)
	random := [10]byte{8: byte(n >> 8), 9: byte(n)}
	id := prop.NewCommandID(m.at, random)
	if m.live.Accounts() >= 3 { // not while the machine is set up
		switch {
		case m.oneIn(12, "old id"):
			id = m.ids[rapid.IntRange(0, n-1).Draw(m.t, "which id")]
		case m.oneIn(12, "id out of time"):
			id = prop.NewCommandID(m.at+prop.Instant(rapid.Int64Range(-301_000, 3_000).Draw(m.t, "made")), random)
		}
	}
	m.ids = append(m.ids, id)
	return signed(m.t, cmd, signer, id)
}

// effect is an effect's number: mostly one that is open.
func (m *machine) effect() prop.EffectID {
	if open := m.live.OpenEffects(); len(open) != 0 && !m.oneIn(4, "other effect") {
		return rapid.SampledFrom(open).Draw(m.t, "open effect")
	}
	return prop.EffectID(rapid.IntRange(0, int(m.live.NextEffect())).Draw(m.t, "effect"))
}

// quotes walk by up to 4 % a batch, some 1 % wide; rubbish is mixed in.
func (m *machine) quotes() *prop.ObservePrices {
	cmd := &prop.ObservePrices{Observed: m.at}
	if m.oneIn(10, "dated otherwise") {
		cmd.Observed += prop.Instant(rapid.Int64Range(-3_000, 3_000).Draw(m.t, "dated"))
	}
	for i, pair := range []string{"BTCUSD", "ETHUSD"} {
		if m.oneIn(4, "missing") {
			continue
		}
		move := rapid.SampledFrom([]int64{1_000, 1_001, 999, 1_007, 993, 1_020, 980, 1_040, 960}).Draw(m.t, pair)
		m.prices[i] = min(max(m.prices[i]*fixed.Price(move)/1_000, 1_000), 1_000_000*fixed.PriceScale)
		half := m.prices[i] * fixed.Price(rapid.Int64Range(0, 5).Draw(m.t, "spread")) / 1_000
		cmd.Quotes = append(cmd.Quotes, prop.Quote{Pair: pair, Bid: m.prices[i] - half, Ask: m.prices[i] + half})
	}
	if m.oneIn(12, "rubbish quote") {
		cmd.Quotes = append(cmd.Quotes, prop.Quote{Pair: anyPair.Draw(m.t, "pair"), Bid: fixed.Price(rubbish.Draw(m.t, "bid")), Ask: fixed.Price(rubbish.Draw(m.t, "ask"))})
	}
	return cmd
}

func (m *machine) order(name string) *prop.SubmitOrder {
	cmd := &prop.SubmitOrder{
		Account: prop.AccountKey{Entity: key(name), ID: uint32(rapid.IntRange(0, 4).Draw(m.t, "number"))},
		Pair:    anyPair.Draw(m.t, "pair"), Side: sides.Draw(m.t, "side"),
	}
	size := rapid.OneOf(rapid.SampledFrom([]int64{2 * fixed.RatioScale, 9 * fixed.RatioScale / 10, 39 * fixed.RatioScale / 10}), rapid.Int64Range(1, 5*fixed.RatioScale))
	if m.oneIn(6, "rubbish sizes") {
		size = rubbish
	}
	which := rapid.SampledFrom([]int{1, 2, 4, 1, 2, 4, 1, 2, 4, 3, 7, 0}).Draw(m.t, "sizes")
	if cmd.Side == prop.Flat && !m.oneIn(6, "sized flat") {
		return cmd
	}
	if which&1 != 0 {
		cmd.Leverage = fixed.Ratio(size.Draw(m.t, "leverage"))
	}
	if which&2 != 0 {
		cmd.Value = fixed.USD(size.Draw(m.t, "value"))
	}
	if which&4 != 0 {
		cmd.Quantity = fixed.Qty(size.Draw(m.t, "quantity"))
	}
	return cmd
}
