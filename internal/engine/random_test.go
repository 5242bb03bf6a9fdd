package engine_test

import (
	"math"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/prop"
)

var (
	anyName  = rapid.SampledFrom([]string{"E", "E", "E", "E", "E", "M", "F", "X"})
	pairIDs  = []string{"BTCUSD", "ETHUSD", "EURUSD", "USDJPY", "EURJPY", "USDCAD"}
	anyPair  = rapid.SampledFrom([]string{"BTCUSD", "BTCUSD", "BTCUSD", "ETHUSD", "ETHUSD", "EURUSD", "USDJPY", "EURJPY", "EURJPY", "USDCAD", "XYZUSD"})
	sides    = rapid.SampledFrom(append(slices.Repeat([]prop.Side{prop.Long, prop.Short}, 12), prop.Flat, prop.Flat, prop.Flat, 0))
	types    = rapid.SampledFrom(append(slices.Repeat([]prop.OrderType{prop.Market, prop.Market, prop.Limit, prop.Bracket}, 6), 0))
	states   = rapid.SampledFrom(append(slices.Repeat([]prop.PairState{prop.Tradable}, 6), prop.ReduceOnly, prop.DataOnly, prop.Halted, prop.Retired, 0))
	rubbish  = rapid.SampledFrom([]int64{0, 1, -1, usd, -usd, 1 << 62, math.MaxInt64, -math.MaxInt64, math.MinInt64})
	kinds    = []string{"prices", "order", "register", "miner", "create", "deposit", "submit", "complete", "tick", "root", "genesis", "nothing", "cancel", "pair", "halt"}
	anyKind  = rapid.SampledFrom(append(slices.Repeat([]string{"prices", "order"}, 9), slices.Concat([]string{"submit", "complete", "cancel"}, kinds)...))
	anyClass = rapid.SampledFrom([]string{"crypto", "crypto", "forex", "forex", "forex", "equities", ""})
)

// one in n is true now and then.
func (m *machine) oneIn(n int, what string) bool { return rapid.IntRange(1, n).Draw(m.t, what) == n }

// command draws one of every kind, with rubbish; roughly half of them can succeed.
func (m *machine) command() prop.Signed {
	name := anyName.Draw(m.t, "entity")
	switch anyKind.Draw(m.t, "command") {
	case "prices":
		if m.oneIn(8, "pushed") {
			return m.signed(m.quotes(), key(rapid.SampledFrom([]string{"O", "O", "E"}).Draw(m.t, "signer")))
		}
		return prop.Signed{Command: m.quotes()}
	case "order":
		cmd := m.order(name)
		return m.signed(cmd, m.owner(cmd.Account))
	case "register":
		return m.signed(&prop.RegisterEntity{Hotkey: key(name), Coldkey: key(name + "-cold")}, key(anyName.Draw(m.t, "signer")))
	case "miner":
		return m.signed(&prop.RegisterMiner{Hotkey: key(name), Coldkey: key(name + "-cold"), Class: anyClass.Draw(m.t, "class")}, key(anyName.Draw(m.t, "signer")))
	case "create":
		return m.signed(&prop.CreateSubaccount{Entity: key(name), Class: anyClass.Draw(m.t, "class")}, key(name))
	case "cancel":
		cmd := m.cancel(name)
		return m.signed(cmd, m.owner(cmd.Account))
	case "pair":
		return m.signed(&prop.SetPairState{Pair: anyPair.Draw(m.t, "pair"), State: states.Draw(m.t, "state")}, key(rapid.SampledFrom([]string{"R", "R", "R", "O"}).Draw(m.t, "signer")))
	case "halt":
		return m.signed(m.halt(name), key(rapid.SampledFrom([]string{"R", "R", "E", name, "O"}).Draw(m.t, "signer")))
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
	if m.live.Accounts() >= 4 { // not while the machine is set up
		switch {
		case m.oneIn(25, "old id"):
			id = m.ids[rapid.IntRange(0, n-1).Draw(m.t, "which id")]
		case m.oneIn(25, "id out of time"):
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
	for i, pair := range pairIDs {
		if m.oneIn(4, "missing") {
			continue
		}
		move := rapid.SampledFrom([]int64{1_000, 1_001, 999, 1_007, 993, 1_020, 980, 1_040, 960}).Draw(m.t, pair)
		m.prices[i] = min(max(m.prices[i]*fixed.Price(move)/1_000, 1_000), 1_000_000*fixed.PriceScale)
		half := m.prices[i] * fixed.Price(rapid.Int64Range(0, 5).Draw(m.t, "spread")) / 1_000
		cmd.Quotes = append(cmd.Quotes, prop.Quote{Pair: pair, Bid: m.prices[i] - half, Ask: m.prices[i] + half})
	}
	if m.oneIn(60, "rubbish quote") {
		cmd.Quotes = append(cmd.Quotes, prop.Quote{Pair: anyPair.Draw(m.t, "pair"), Bid: fixed.Price(rubbish.Draw(m.t, "bid")), Ask: fixed.Price(rubbish.Draw(m.t, "ask"))})
	}
	return cmd
}

// account is mostly one that may trade, else any of a name's.
func (m *machine) account(name string) prop.AccountKey {
	var active []prop.AccountKey
	for r := range prop.AccountRef(m.live.Accounts()) {
		if a := m.live.Account(r); a.Status == prop.Active {
			active = append(active, a.Key)
		}
	}
	if len(active) != 0 && !m.oneIn(10, "any account") {
		return rapid.SampledFrom(active).Draw(m.t, "account")
	}
	if name == "M" {
		return prop.AccountKey{Entity: key(name), ID: prop.MinerID}
	}
	return prop.AccountKey{Entity: key(name), ID: uint32(rapid.IntRange(0, 5).Draw(m.t, "number"))}
}

// owner is mostly the account's.
func (m *machine) owner(a prop.AccountKey) prop.Hotkey {
	return rapid.SampledFrom(append(slices.Repeat([]prop.Hotkey{a.Entity}, 20), key("E-cold"), key("X"))).Draw(m.t, "signer")
}

func (m *machine) order(name string) *prop.SubmitOrder {
	cmd := &prop.SubmitOrder{Account: m.account(name), Pair: anyPair.Draw(m.t, "pair"), Type: types.Draw(m.t, "type"), Side: sides.Draw(m.t, "side")}
	if ref, ok := m.live.AccountRef(cmd.Account); ok && !m.oneIn(12, "any pair") { // one of its class
		for class := m.live.Account(ref).Class; m.class(cmd.Pair) != class && (class == "crypto" || class == "forex"); {
			cmd.Pair = anyPair.Draw(m.t, "another pair")
		}
	}
	if ref, ok := m.live.AccountRef(cmd.Account); ok && (cmd.Type == prop.Bracket || cmd.Side == prop.Flat) && len(m.live.Held(ref)) != 0 && !m.oneIn(6, "not held") {
		cmd.Pair = m.live.Pairs()[rapid.SampledFrom(m.live.Held(ref)).Draw(m.t, "held")].ID
	}
	m.size(cmd)
	m.levels(cmd)
	return cmd
}

func (m *machine) class(pair string) string {
	if ref, ok := m.live.Pair(pair); ok {
		return m.live.Pairs()[ref].Class
	}
	return ""
}

func (m *machine) size(cmd *prop.SubmitOrder) {
	if cmd.Type == prop.Bracket && !m.oneIn(12, "bracket with a side") {
		cmd.Side = 0
	}
	if (cmd.Side == prop.Flat || cmd.Type == prop.Bracket && !m.oneIn(3, "bracket of a part")) && !m.oneIn(12, "sized all the same") {
		return
	}
	most := int64(5 * fixed.RatioScale)
	if m.class(cmd.Pair) == "forex" {
		most = fixed.QtyScale / 2 // half a lot; 0.5 of leverage
	}
	size := rapid.OneOf(rapid.SampledFrom([]int64{most * 2 / 5, most * 9 / 50, most * 39 / 50}), rapid.Int64Range(1, most))
	if m.oneIn(15, "rubbish sizes") {
		size = rubbish
	}
	which := rapid.SampledFrom(append(slices.Repeat([]int{1, 2, 4}, 8), 3, 7, 0)).Draw(m.t, "sizes")
	if which&1 != 0 {
		cmd.Leverage = fixed.Ratio(size.Draw(m.t, "leverage"))
	}
	if which&2 != 0 {
		cmd.Value = fixed.USD(size.Draw(m.t, "value")) * 200
	}
	if which&4 != 0 {
		cmd.Quantity = fixed.Qty(size.Draw(m.t, "quantity"))
	}
}

// levels are the prices of an order: up to 5 % around the pair's, mostly on the right side of it.
func (m *machine) levels(cmd *prop.SubmitOrder) {
	entry := m.prices[max(0, slices.Index(pairIDs, cmd.Pair))]
	near := func(what string, away int64) fixed.Price {
		switch {
		case m.oneIn(40, "rubbish price"):
			return fixed.Price(rubbish.Draw(m.t, what))
		case away == 0 || m.oneIn(10, "on either side"):
			away = rapid.SampledFrom([]int64{-1, 1}).Draw(m.t, "side")
		}
		return entry / 1_000 * fixed.Price(1_000+away*rapid.Int64Range(1, 50).Draw(m.t, what))
	}
	if cmd.Type == prop.Limit || m.oneIn(40, "limit price out of place") {
		cmd.LimitPrice = near("limit", 0)
		entry = cmd.LimitPrice
	}
	if cmd.Type != prop.Bracket && !m.oneIn(4, "protected") {
		return
	}
	up := int64(1)
	if ref, ok := m.live.AccountRef(cmd.Account); ok && cmd.Type == prop.Bracket {
		for _, p := range m.live.Held(ref) {
			if m.live.Position(ref, p).Quantity < 0 && m.live.Pairs()[p].ID == cmd.Pair {
				up = -1
			}
		}
	} else if cmd.Side == prop.Short {
		up = -1
	}
	which := rapid.IntRange(1, 3).Draw(m.t, "protection")
	if which&1 != 0 {
		cmd.StopLoss = near("stop", -up)
	}
	if which&2 != 0 {
		cmd.TakeProfit = near("profit", up)
	}
}

// cancel is for an order that is open, for all, or for anything.
func (m *machine) cancel(name string) *prop.CancelOrder {
	cmd := &prop.CancelOrder{Account: m.account(name)}
	var open []*state.Order
	if ref, ok := m.live.AccountRef(cmd.Account); ok {
		open = m.live.OrdersOf(ref)
	}
	switch {
	case len(open) != 0 && !m.oneIn(3, "all"):
		cmd.Order = rapid.SampledFrom(open).Draw(m.t, "which").Order
	case len(m.ids) != 0 && m.oneIn(3, "any id"):
		cmd.Order = m.ids[rapid.IntRange(0, len(m.ids)-1).Draw(m.t, "id")]
	}
	return cmd
}

// halt is lifted more often than thrown, so that trading goes on.
func (m *machine) halt(name string) *prop.Halt {
	cmd := &prop.Halt{Halted: m.oneIn(3, "halted"), Flatten: m.oneIn(3, "flatten")}
	switch rapid.IntRange(0, 3).Draw(m.t, "scope") {
	case 0:
		cmd.Entity = key(name)
	case 1, 2:
		cmd.Account = m.account(name)
	}
	return cmd
}
