package golden_test

import (
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/prop"
)

// vector is one case of positions.json. Numbers stay decimal text, so that 0.1 is a tenth.
type vector struct {
	Name        string          `json:"name"`
	Pair        string          `json:"trade_pair"`
	AccountSize json.Number     `json:"account_size"`
	Other       json.Number     `json:"other_portfolio_leverage"`
	Orders      []vectorOrder   `json:"orders"`
	Expected    []expectedState `json:"expected"`
	Marks       []expectedMark  `json:"marks"`
}

type vectorOrder struct {
	Type     string       `json:"type"`
	Price    json.Number  `json:"price"`
	AtMs     int64        `json:"processed_ms"`
	Leverage *json.Number `json:"leverage"`
	Value    *json.Number `json:"value"`
	Quantity *json.Number `json:"quantity"`
	Slippage json.Number  `json:"slippage"`
	QuoteUSD json.Number  `json:"quote_usd_rate"`
}

// expectedState is what the public node's position was after an order.
type expectedState struct {
	OK       bool        `json:"ok"`
	Error    string      `json:"error"`
	Quantity json.Number `json:"net_quantity"`
	Average  json.Number `json:"average_entry_price"`
	Realised json.Number `json:"realized_pnl"`
	Open     json.Number `json:"unrealized_pnl"`
	Return   json.Number `json:"current_return"`
	Type     *string     `json:"position_type"`
	Orders   int64       `json:"n_orders"`
}

type expectedMark struct {
	Price    json.Number `json:"price"`
	AtMs     int64       `json:"time_ms"`
	Realised json.Number `json:"realized_pnl"`
	Open     json.Number `json:"unrealized_pnl"`
	Return   json.Number `json:"current_return"`
}

// boundsFile is internal/oracle/testdata/bounds.json.
type boundsFile struct {
	Today map[string]boundsText `json:"today"`
	Pairs map[string]struct {
		Bounds string `json:"bounds"`
		Rate   string `json:"rate"`
	} `json:"pairs"`
	Cases map[string]struct {
		Bounds []boundsText `json:"bounds"`
	} `json:"cases"`
}

type boundsText struct {
	FromMs int64       `json:"from_ms"`
	Min    json.Number `json:"min"`
	Max    json.Number `json:"max"`
	Cap    json.Number `json:"cap"`
}

// scenario is a case with all that it needs to run.
type scenario struct {
	vector
	pairs    []prop.Pair
	bounds   []boundsText // one after the other in time; none are the widest
	slippage prop.Slippage
	laterMs  int64
	spread   bool // the slippage of an order is in the quote instead: bid and ask around its price
}

func readCases(t testing.TB) (cases []scenario) {
	t.Helper()
	var vectors []vector
	var bounds boundsFile
	readJSON(t, goldenDir+"/positions.json", false, &vectors)
	readJSON(t, "../oracle/testdata/bounds.json", false, &bounds)
	need, pairs := readNeeds(t), readPairs(t)
	for _, v := range vectors {
		c := scenario{vector: v, pairs: slices.Clone(pairs), bounds: []boundsText{bounds.Today[bounds.Pairs[v.Pair].Bounds]}}
		c.slippage = goldenSet(0).Slippage
		if own, ok := bounds.Cases[v.Name]; ok {
			c.bounds = own.Bounds
		}
		for _, n := range need.Tradable {
			if n.Case == v.Name {
				pairNamed(c.pairs, n.Pair).State = prop.Tradable
			}
		}
		for _, n := range need.Later {
			if n.Case == v.Name {
				c.laterMs = n.ByMs
			}
		}
		for _, n := range need.Slippage {
			if n.Case == v.Name {
				c.slippage.Crypto.Default, c.slippage.Crypto.Pairs, c.slippage.Forex = n.Crypto.Default, n.Crypto.Pairs, n.Forex
			}
		}
		c.pairs = append(c.pairs, other(pairNamed(pairs, v.Pair).Class))
		cases = append(cases, c)
	}
	return cases
}

// step is what has become of an order, and the position after it.
type step struct {
	refused  string
	trade    *prop.Trade
	position figures
	notional *big.Rat // the larger of what was open before and after, in USD at the order's price
}

// figures of a position. kind is FLAT for a closed one, and 0 where there never was any.
type figures struct {
	kind                                   prop.Side
	quantity, average, realised, open, ret *big.Rat
}

// run takes the case's orders through the engine. Each is sent while the market shows the price of
// the one before, which is quoted again so that it is fresh; the next batch then shows its own.
func (c *scenario) run(t testing.TB) (w *world, steps []step) {
	t.Helper()
	set := goldenSet(fixed.USD(units(number(c.AccountSize), fixed.USDScale)))
	set.Slippage = c.slippage
	pairs := slices.Clone(c.pairs)
	set.PortfolioCap = c.inForce(c.Orders[0].AtMs).apply(pairNamed(pairs, c.Pair))
	w = newWorld(t, prop.Instant(c.Orders[0].AtMs+c.laterMs-1), pairs, set, pairNamed(pairs, c.Pair).Class)
	w.holdOther(number(c.Other), set.AccountSize)
	for i, o := range c.Orders {
		if i > 0 && c.inForce(o.AtMs) != c.inForce(c.Orders[i-1].AtMs) {
			w.amend(func(g *prop.Genesis) {
				g.RuleSets[0].PortfolioCap = c.inForce(o.AtMs).apply(pairNamed(g.Pairs, c.Pair))
			})
		}
		before := absolute(w.quantity(c.Pair))
		s := c.order(w, i)
		s.position = w.figures(c.Pair, number(c.AccountSize))
		held := before
		if after := absolute(s.position.quantity); after.Cmp(before) > 0 {
			held = after
		}
		ref, _ := w.s.Pair(c.Pair)
		q := w.s.Quote(ref)
		s.notional = times(held, absolute(number(o.Price)), big.NewRat(pairNamed(pairs, c.Pair).Lot, 1), rate(q))
		steps = append(steps, s)
		w.verify()
	}
	return w, steps
}

// order runs one order of the case.
func (c *scenario) order(w *world, i int) (s step) {
	o := c.Orders[i]
	w.at = prop.Instant(o.AtMs + c.laterMs)
	if err := w.prices(c.quotes(w, max(i-1, 0), prop.Flat)...); err != nil {
		s.refused = verdict(err)
		return s
	}
	id, err := w.submit(c.submit(o))
	if err != nil {
		s.refused = verdict(err)
		return s
	}
	if err := w.prices(c.quotes(w, i, c.submit(o).Side)...); err != nil {
		s.refused = verdict(err)
		w.must(w.signed(&prop.CancelOrder{Account: w.key, Order: id}, entity))
		return s
	}
	switch f := w.fate(id); {
	case f.filled != nil:
		s.trade = &f.filled.Trade
	case f.cancelled != nil:
		s.refused = "refused: " + f.cancelled.Reason.String()
	default:
		w.t.Fatalf("%s, order %d still waits", c.Name, i)
	}
	return s
}

// submit is the order as a client's signal is translated: the sign of a SHORT's size is dropped (the
// public node sets it itself), so is the size of a FLAT (it ignores it), and a LONG keeps a wrong
// sign for the engine to refuse.
func (c *scenario) submit(v vectorOrder) prop.SubmitOrder {
	o := prop.SubmitOrder{Pair: c.Pair, Side: map[string]prop.Side{"LONG": prop.Long, "SHORT": prop.Short, "FLAT": prop.Flat}[v.Type]}
	if o.Side == prop.Flat {
		return o
	}
	of := func(n *json.Number, scale int64) int64 {
		switch r := size(n); {
		case r == nil:
			return 0
		case o.Side == prop.Short:
			return units(absolute(r), scale)
		default:
			return units(r, scale)
		}
	}
	o.Leverage, o.Value, o.Quantity = fixed.Ratio(of(v.Leverage, fixed.RatioScale)), fixed.USD(of(v.Value, fixed.USDScale)), fixed.Qty(of(v.Quantity, fixed.QtyScale))
	return o
}

// quotes are the prices of an order: of its pair, and of one that makes its quote currency's rate.
// The side counts where the slippage is a spread; of a FLAT it is told by the position.
func (c *scenario) quotes(w *world, i int, side prop.Side) []prop.Quote {
	o := c.Orders[i]
	bid := priceOf(number(o.Price))
	ask := bid
	if c.spread {
		half := times(number(o.Price), number(o.Slippage))
		bid, ask = priceOf(minus(number(o.Price), half)), priceOf(plus(number(o.Price), half))
	}
	list := []prop.Quote{quote(c.Pair, bid, ask)}
	currency := pairNamed(c.pairs, c.Pair).Quote
	if r := number(o.QuoteUSD); r != nil && currency != "USD" {
		if slices.ContainsFunc(c.pairs, func(p prop.Pair) bool { return p.ID == currency+"USD" }) {
			return append(list, quote(currency+"USD", priceOf(r), priceOf(r)))
		}
		p := priceOf(new(big.Rat).Inv(r))
		return append(list, quote("USD"+currency, p, p))
	}
	return list
}

// inForce are the bounds of a moment.
func (c *scenario) inForce(atMs int64) (b boundsText) {
	for _, later := range c.bounds {
		if later.FromMs <= atMs {
			b = later
		}
	}
	return b
}

// apply gives a pair the bounds and returns the portfolio cap. A maximum of 0 cannot be a genesis': the
// pair's state says that it takes no new positions.
func (b boundsText) apply(p *prop.Pair) (limit fixed.Ratio) {
	if b.Max == "0" {
		return ratio(b.Cap.String())
	}
	p.MinLeverage, p.MaxLeverage = 0, noBound
	if b.Max != "" {
		p.MinLeverage, p.MaxLeverage = ratio(b.Min.String()), ratio(b.Max.String())
	}
	if b.Cap != "" {
		limit = ratio(b.Cap.String())
	}
	return limit
}

// amend replays all that has happened under a genesis with other bounds: what is true does not depend
// on them, and from here on they decide.
func (w *world) amend(change func(*prop.Genesis)) {
	w.t.Helper()
	s := state.New()
	for _, r := range w.log {
		s.Begin(r.stamp)
		for _, e := range r.events {
			if g, ok := e.(*prop.GenesisSet); ok {
				amended := *g
				amended.Genesis.Pairs, amended.Genesis.RuleSets = slices.Clone(g.Genesis.Pairs), slices.Clone(g.Genesis.RuleSets)
				change(&amended.Genesis)
				if err := rules.CheckGenesis(&amended.Genesis); err != nil {
					w.t.Fatal(err)
				}
				e = &amended
			}
			s.Evolve(e)
		}
	}
	w.s = s
}

// holdOther opens a position in the other pair that takes up leverage.
func (w *world) holdOther(leverage *big.Rat, account fixed.USD) {
	w.t.Helper()
	if leverage.Sign() == 0 {
		return
	}
	w.mustPrices(quote(otherPair, fixed.PriceScale, fixed.PriceScale))
	id := w.mustSubmit(prop.SubmitOrder{Pair: otherPair, Side: prop.Long, Leverage: fixed.Ratio(units(leverage, fixed.RatioScale))})
	w.mustPrices(quote(otherPair, fixed.PriceScale, fixed.PriceScale))
	if got := w.fate(id).filled.Trade.Value; usdRat(got).Cmp(times(leverage, usdRat(account))) != 0 {
		w.t.Fatalf("other pairs are worth %s", got)
	}
}

func (w *world) quantity(pair string) *big.Rat {
	ref, _ := w.s.Pair(pair)
	return qtyRat(w.s.Position(w.account, ref).Quantity)
}

// figures are those of the account's position in the pair, or of the last one. The engine's books are
// checked on the way: balance is the start and what was realised.
func (w *world) figures(pair string, account *big.Rat) (f figures) {
	w.t.Helper()
	ref, _ := w.s.Pair(pair)
	lot := w.s.Pairs()[ref].Lot
	f.quantity, f.average, f.realised, f.open = new(big.Rat), new(big.Rat), new(big.Rat), new(big.Rat)
	net, all := fixed.Qty(0), fixed.USD(0)
	average := func(cost fixed.USD, q fixed.Qty) *big.Rat {
		p, err := fixed.PriceHalfEven(cost, q, lot)
		if err != nil {
			w.t.Fatal(err)
		}
		return priceRat(p)
	}
	for _, trade := range w.trades(pair) {
		if net == 0 {
			f.realised = new(big.Rat)
			f.kind = prop.Long
			if trade.Quantity < 0 {
				f.kind = prop.Short
			}
		}
		f.realised = plus(f.realised, usdRat(trade.Realised))
		all = all.Add(trade.Realised)
		if net = net.Add(trade.Quantity); net == 0 {
			f.kind, f.average = prop.Flat, average(trade.CostDelta, trade.Quantity)
		}
	}
	a, held := w.s.Account(w.account), w.s.Position(w.account, ref)
	if held.Quantity != net || a.Balance != a.Size.Add(all) || a.Unrealised != held.Unrealised {
		w.t.Errorf("%s: %s is held and %s unrealised, a balance of %s; the trades add up to %s, %s realised", pair, held.Quantity, held.Unrealised, a.Balance, net, all)
	}
	if net != 0 {
		f.quantity, f.open, f.average = qtyRat(net), usdRat(held.Unrealised), average(held.Cost, held.Quantity)
	}
	f.ret = plus(new(big.Rat).Quo(plus(f.realised, f.open), account), rat("1"))
	return f
}

// rate is the exact USD per unit of quote currency; 0 while it is not known.
func rate(q state.Quote) *big.Rat {
	if q.Den == 0 {
		return new(big.Rat)
	}
	return big.NewRat(int64(q.Num), int64(q.Den))
}

var (
	leverageText  = regexp.MustCompile(`leverage would be ([0-9.]+); the bounds are ([0-9.]+) to ([0-9.]+)`)
	portfolioText = regexp.MustCompile(`; the cap is ([0-9.]+)`)
)

// verdict is a refusal in the words of package oracle: what was wrong, and the bound that was broken.
func verdict(err error) string {
	switch c := code(err); c {
	case prop.LeverageBounds:
		m := leverageText.FindStringSubmatch(err.Error())
		if m == nil {
			return "refused: " + err.Error()
		}
		if rat(m[1]).Cmp(rat(m[3])) > 0 {
			return "refused: above the maximum leverage " + m[3]
		}
		return "refused: below the minimum leverage " + m[2]
	case prop.PortfolioBounds:
		m := portfolioText.FindStringSubmatch(err.Error())
		return "refused: above the portfolio cap " + m[1]
	case prop.InvalidSize:
		return "refused: size"
	case prop.InvalidPrice:
		return "refused: price"
	case prop.NothingOpen:
		return "refused: nothing open"
	default:
		return "refused: " + c.String()
	}
}
