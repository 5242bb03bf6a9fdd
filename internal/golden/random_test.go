package golden_test

import (
	"flag"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/oracle"
	"github.com/propnet/propnet/prop"
)

var (
	sequences = flag.Int("golden.n", 3_000, "random sequences of orders; GOLDEN_N in the environment says it too")
	seed      = flag.Uint64("golden.seed", 1, "of the random sequences")
	only      = flag.Int("golden.only", -1, "the one sequence to run, and to print")
)

// counts of random sequences.
type counts struct {
	sequences, orders, refused, filled, closed, cancelled, eliminated, charges int
	unit, bound                                                                int // decided by rounding: a quantity by a unit, a bound
	mismatches                                                                 []string
}

func (c *counts) add(b counts) {
	c.sequences, c.orders, c.refused, c.filled = c.sequences+b.sequences, c.orders+b.orders, c.refused+b.refused, c.filled+b.filled
	c.closed, c.cancelled, c.eliminated, c.charges = c.closed+b.closed, c.cancelled+b.cancelled, c.eliminated+b.eliminated, c.charges+b.charges
	c.unit, c.bound, c.mismatches = c.unit+b.unit, c.bound+b.bound, append(c.mismatches, b.mismatches...)
}

// TestRandom plays random sequences of MARKET orders through the engine and through the reference:
// one or two pairs of an account, all sizes, walks of prices with spreads and rates to USD, slippage,
// fees, carry, bounds and the portfolio cap.
func TestRandom(t *testing.T) {
	n := *sequences
	if v, err := strconv.Atoi(os.Getenv("GOLDEN_N")); err == nil {
		n = v
	}
	if *only >= 0 {
		var c counts
		for _, r := range play(*only, &c).log {
			for _, e := range r.events {
				t.Logf("%d at %s: %T %+v", r.stamp.Seq, r.stamp.At, e, e)
			}
		}
		for _, m := range c.mismatches {
			t.Error(m)
		}
		return
	}
	var all counts
	var mu sync.Mutex
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for k := range workers {
		wg.Go(func() {
			var c counts
			for i := k; i < n && len(c.mismatches) < 5; i += workers {
				play(i, &c)
			}
			mu.Lock()
			defer mu.Unlock()
			all.add(c)
		})
	}
	wg.Wait()
	for _, m := range all.mismatches {
		t.Error(m)
	}
	t.Logf("%d sequences: %d orders, of which %d refused, %d filled (%d closed a position), %d cancelled at the fill; %d accounts eliminated, %d charges of carry; "+
		"%d quantities differ by what rounding allows, %d sequences ended where rounding decides a bound; %d mismatches",
		all.sequences, all.orders, all.refused, all.filled, all.closed, all.cancelled, all.eliminated, all.charges,
		all.unit, all.bound, len(all.mismatches))
}

// game is one sequence.
type game struct {
	*rand.Rand
	w     *world
	class string
	a     account
	c     *counts
}

// over ends a sequence: a mismatch, or where rounding has decided.
type over struct{ mismatch string }

// quiet is for a goroutine of its own: what is fatal there is a mismatch here.
type quiet struct{}

func (quiet) Helper()                        {}
func (quiet) Fatal(args ...any)              { panic(over{fmt.Sprint(args...)}) }
func (quiet) Fatalf(f string, args ...any)   { panic(over{fmt.Sprintf(f, args...)}) }
func (quiet) Errorf(f string, args ...any)   { panic(over{fmt.Sprintf(f, args...)}) }
func (g *game) fail(format string, a ...any) { panic(over{fmt.Sprintf(format, a...)}) }

// play plays a sequence, and returns what has happened in it.
func play(i int, c *counts) (w *world) {
	g := &game{Rand: rand.New(rand.NewPCG(*seed, uint64(i))), w: &world{}, c: c}
	defer func() {
		w = g.w
		c.sequences++
		for _, r := range g.w.log {
			if r.events[0].EventKind() == prop.KindCarryCharged {
				c.charges++
			}
		}
		switch r := recover().(type) {
		case nil:
		case over:
			if r.mismatch == "" {
				c.bound++
				return
			}
			c.mismatches = append(c.mismatches, fmt.Sprintf("sequence %d (-golden.seed %d -golden.only %d): %s", i, *seed, i, r.mismatch))
		default:
			c.mismatches = append(c.mismatches, fmt.Sprintf("sequence %d (-golden.seed %d -golden.only %d): panic: %v", i, *seed, i, r))
		}
	}()
	g.deal(quiet{})
	for range 1 + g.IntN(4) {
		if !g.round() {
			break
		}
	}
	return g.w
}

func (g *game) oneIn(n int) bool { return g.IntN(n) == 0 }

func among[T any](g *game, list ...T) T { return list[g.IntN(len(list))] }

// decimal draws a number of the scale between lo and hi with a random number of digits.
func (g *game) decimal(lo, hi float64, scale int64, most int) int64 {
	v := int64((lo + g.Float64()*(hi-lo)) * float64(scale))
	cut := int64(1)
	for k := g.IntN(most + 1); k > 0 && cut < scale && cut*1000 < max(v, 1); k-- {
		cut *= 10
	}
	return max(v/cut*cut, 1)
}

// deal draws the pairs, the rules and the first prices.
func (g *game) deal(t tb) {
	g.class = among(g, "crypto", "forex")
	set := goldenSet(fixed.USD(among(g, 1_000*usd, 10_000*usd, 100_000*usd, g.decimal(1_000, 200_000, usd, 8))))
	set.FillDelayBatches = int64(among(g, 1, 1, 1, 2))
	if g.oneIn(2) {
		set.PortfolioCap = fixed.Ratio(among(g, 1, 3, 10)) * fixed.RatioScale
	}
	slippage := fixed.Ratio(among(g, 0, 100_000, g.Int64N(3_000_000)))
	set.Slippage.Crypto.Default, set.Slippage.Forex.Usual = slippage, slippage
	set.Classes = []prop.ClassRules{{
		Class: g.class, FeeRate: fixed.Ratio(among(g, 0, 1_000_000, g.Int64N(5_000_000))), CarryRate: fixed.Ratio(among(g, 0, 105_905, g.Int64N(500_000))),
	}}
	g.a = account{
		size: usdRat(set.AccountSize), balance: usdRat(set.AccountSize), feeRate: set.Classes[0].FeeRate, carryRate: set.Classes[0].CarryRate, limit: set.PortfolioCap,
	}
	var pairs []prop.Pair
	for k := range 1 + g.IntN(2) {
		l := g.leg(k)
		l.slippage = slippage
		g.a.legs = append(g.a.legs, l)
		pairs = append(pairs, l.spec)
	}
	for _, l := range g.a.legs {
		if l.rateBy == direct || l.rateBy == inverse {
			p := prop.Pair{ID: l.rateID, Display: l.rateID, Base: l.spec.Quote, Quote: "USD", Class: "forex", Lot: 1, MaxLeverage: noBound, Multiplier: 1, State: prop.DataOnly}
			if l.rateBy == inverse {
				p.Base, p.Quote = "USD", l.spec.Quote
			}
			pairs = append(pairs, p)
		}
	}
	start := cryptoMs + prop.Instant(g.Int64N(dayMs))
	if g.class == "forex" {
		start = day(2025, 11, 10) + prop.Instant(g.Int64N(3*dayMs)) // Monday to Wednesday
	}
	g.w = newWorld(t, start, pairs, set, g.class)
	for _, l := range g.a.legs {
		l.ref, _ = g.w.s.Pair(l.spec.ID)
	}
	g.market()
}

// leg draws a pair with its bounds and the price that it starts at.
func (g *game) leg(k int) *leg {
	name := string(rune('A' + k))
	l := &leg{rateBy: among(g, dollars, dollars, direct, inverse)}
	l.spec = prop.Pair{
		ID: name + "USD", Base: name, Quote: "USD", Class: g.class, Lot: 1, State: prop.Tradable, Multiplier: int64(among(g, 1, 1, 2, 10)),
		MinLeverage: fixed.Ratio(among(g, 0, 0, 10_000_000, 100_000_000)), MaxLeverage: fixed.Ratio(among(g, 500_000_000, 2_000_000_000, 5_000_000_000)),
	}
	l.price = fixed.Price(g.decimal(10, 100_000, fixed.PriceScale, 10))
	if g.oneIn(3) {
		l.price = fixed.Price(g.decimal(0.02, 10, fixed.PriceScale, 10))
	}
	if g.class == "forex" {
		l.spec.Lot, l.price = 100_000, fixed.Price(g.decimal(0.3, 200, fixed.PriceScale, 10))
		if g.oneIn(5) {
			l.rateBy = ownMiddle
		}
	}
	l.rate = fixed.Price(g.decimal(0.5, 2, fixed.PriceScale, 9))
	if l.rateBy == inverse && g.oneIn(2) {
		l.rate *= 100 // yen
	}
	if l.rateBy != inverse && g.oneIn(4) { // of a yen, positions of that leverage are too many to count
		l.spec.MaxLeverage = 20 * fixed.RatioScale
	}
	if l.rateBy != dollars {
		l.spec.Quote = name + name
		l.spec.ID, l.rateID = name+l.spec.Quote, l.spec.Quote+"USD"
		if l.rateBy == inverse {
			l.rateID = "USD" + l.spec.Quote
		}
		if l.rateBy == ownMiddle {
			l.spec.Base = "USD"
		}
	}
	l.spec.Display = l.spec.ID
	l.pos = oracle.Position{
		AccountSize: g.a.size, Lot: l.spec.Lot, Quantity: new(big.Rat), AverageEntry: new(big.Rat), Realised: new(big.Rat), Unrealised: new(big.Rat), Return: rat("1"),
	}
	return l
}

// market moves all prices, and shows them. Where a mid makes a rate, it has no digit to round.
func (g *game) market() {
	var quotes []prop.Quote
	for _, l := range g.a.legs {
		move := 1 + (g.Float64()-0.5)*among(g, 0.0, 0.002, 0.1, 0.1, 0.6)
		l.price = max(fixed.Price(float64(l.price)*move), 1_000_000)
		half := fixed.Price(float64(l.price) * among(g, 0, 0, 0.0001, 0.002) * g.Float64())
		if l.rateBy == ownMiddle {
			l.price, half = l.price/10*10, half/10*10
		}
		l.bid, l.ask = l.price-half, l.price+half
		if l.rateBy == dollars && g.oneIn(2) {
			l.ask++ // a mid with a digit to round
		}
		quotes = append(quotes, quote(l.spec.ID, l.bid, l.ask))
		if l.rateBy == direct || l.rateBy == inverse {
			l.rate = max(fixed.Price(float64(l.rate)*(1+(g.Float64()-0.5)*0.02)), 1_000_000)
			half := fixed.Price(float64(l.rate) * 0.0005 * g.Float64())
			quotes = append(quotes, quote(l.rateID, l.rate-half, l.rate+half))
		}
	}
	g.w.mustPrices(quotes...)
}

// pass lets time pass, in the reference too.
func (g *game) pass(ms prop.Instant) {
	before := g.w.at
	g.w.at += ms
	if g.oneIn(8) && ms > hourMs {
		g.w.at = g.w.at / hourMs * hourMs // a boundary, now and then
	}
	g.a.carry(g.class, before, g.w.at)
}

// sent is an order that the engine took and has not filled yet.
type sent struct {
	id    prop.CommandID
	l     *leg
	order prop.SubmitOrder
}

// round sends an order or some and lets the market move until they are filled. False where the account
// has come to its end.
func (g *game) round() bool {
	g.pass(prop.Instant(g.Int64N(int64(among(g, 10*secondMs, hourMs, 8*hourMs)))))
	var waiting []sent
	for range among(g, 1, 1, 1, 1, 2, 3) {
		l := among(g, g.a.legs...)
		o := g.draw(l)
		id, err := g.w.submit(o)
		g.c.orders++
		if g.admitted(l, o, waiting, err) {
			waiting = append(waiting, sent{id, l, o})
		}
	}
	for batches := g.w.s.Genesis().RuleSets[0].FillDelayBatches; batches > 0; batches-- {
		g.pass(prop.Instant(g.Int64N(5 * secondMs)))
		g.market()
		if batches > 1 && g.ended() {
			return false
		}
	}
	for _, s := range waiting {
		if g.dead() {
			break
		}
		g.filled(s)
	}
	if g.ended() {
		return false
	}
	g.compare()
	return true
}

// draw makes an order that means something.
func (g *game) draw(l *leg) prop.SubmitOrder {
	o := prop.SubmitOrder{Pair: l.spec.ID, Side: among(g, prop.Long, prop.Short, prop.Long, prop.Short, prop.Flat)}
	if o.Side == prop.Flat {
		return o
	}
	most := float(ratioRat(l.spec.MaxLeverage)) * among(g, 0.05, 0.6, 1.1)
	leverage := g.decimal(0.0001, most, fixed.RatioScale, 9)
	if g.oneIn(20) {
		leverage = int64(among(g, l.spec.MaxLeverage, max(l.spec.MinLeverage, 1_000_000)) + among[fixed.Ratio](g, 0, 0, 1, -1, 1_000, -1_000))
	}
	value := times(g.a.size, big.NewRat(leverage, fixed.RatioScale))
	switch g.IntN(3) {
	case 0:
		o.Leverage = fixed.Ratio(leverage)
	case 1:
		o.Value = fixed.USD(g.cut(units(value, fixed.USDScale)))
	default:
		o.Quantity = fixed.Qty(g.cut(max(units(new(big.Rat).Quo(value, l.worth(rat("1"), l.mid())), fixed.QtyScale), 1)))
		if held := g.w.s.Position(g.w.account, l.ref).Quantity.Abs(); held > 1 && g.oneIn(4) {
			o.Quantity = among(g, held, held/2, held+1, held-1)
		}
	}
	return o
}

// cut takes some of the last digits off.
func (g *game) cut(v int64) int64 {
	for k := g.IntN(8); k > 0 && v >= 1_000; k-- {
		v = v / 10 * 10
	}
	return v
}

// admitted compares the verdict on sending an order, at the mark.
func (g *game) admitted(l *leg, o prop.SubmitOrder, waiting []sent, err error) bool {
	order := l.order(o, l.mid())
	b := g.a.bounds(l)
	why := oracle.Refusal(l.pos, b, order)
	if o.Side == prop.Flat {
		for _, s := range waiting {
			if s.l != l {
				continue
			}
			if why = ""; s.order.Side == prop.Flat { // one at a time; it may wait for a position that is about to be
				why = "a FLAT waits"
				break
			}
		}
	}
	switch {
	case (err != nil) == (why != ""):
	case o.Side != prop.Flat && g.a.atBound(l, order, b):
		panic(over{})
	default:
		g.fail("%+v is refused: %v; by the reference: %q", o, err, why)
	}
	if err != nil {
		g.c.refused++
	}
	return err == nil
}

// filled compares what became of an order on the market as it is.
func (g *game) filled(s sent) {
	l, f := s.l, g.w.fate(s.id)
	price := priceRat(l.bid)
	if s.order.Side == prop.Long || s.order.Side == prop.Flat && l.pos.Quantity.Sign() < 0 {
		price = priceRat(l.ask)
	}
	order, b := l.order(s.order, price), g.a.bounds(l)
	out := g.a.take(l, s.order, price)
	if (f.filled == nil) != (out.Refused != "") {
		if s.order.Side != prop.Flat && g.a.atBound(l, order, b) {
			panic(over{})
		}
		g.fail("%+v at %s: %+v; by the reference: %q", s.order, shown(price), f, out.Refused)
	}
	if f.filled == nil {
		if f.cancelled == nil {
			g.fail("%+v at %s waits", s.order, shown(price))
		}
		g.c.cancelled++
		return
	}
	g.c.filled++
	trade := f.filled.Trade
	node, ours := plus(qtyRat(trade.Quantity.Abs()), qtyRat(f.filled.NotTraded)), plus(absolute(out.Traded), out.NotTraded)
	if node.Cmp(ours) != 0 {
		g.c.unit++
		if s.order.Quantity != 0 || s.order.Side == prop.Flat || !g.rounded(l, order, node) {
			g.fail("%+v at %s: %s, by the reference %s", s.order, shown(price), shown(node), shown(ours))
		}
		order.Leverage, order.Value, order.Quantity = nil, nil, node
		if out = g.a.evaluate(l, append(l.list, order)); out.Refused != "" && g.a.atBound(l, order, b) {
			panic(over{})
		}
	}
	if l.worth(out.Traded, price).Cmp(rat("0.000000005")) <= 0 { // rounded it is worth nothing, and that does not slip
		order.Slippage = new(big.Rat)
		out = g.a.evaluate(l, append(l.list, order))
	}
	if qtyRat(trade.Quantity).Cmp(out.Traded) != 0 || qtyRat(f.filled.NotTraded).Cmp(out.NotTraded) != 0 {
		g.fail("%+v: %s traded and %s not, by the reference %s and %s", s.order, trade.Quantity, f.filled.NotTraded, shown(out.Traded), shown(out.NotTraded))
	}
	g.worse(trade, price, order.Slippage)
	if out.Position.Quantity.Sign() == 0 {
		g.c.closed++
	}
	g.charged(f, l)
	before := g.a.off
	g.a.settle(l, order, out)
	if m := away("realised", usdRat(trade.Realised), out.Realised, g.a.off-before); m != "" {
		g.fail("%+v: %s", s.order, m)
	}
}

// rounded tells whether a quantity is what the order asks for, rounded down, but for what the steps to
// it may take or add.
func (g *game) rounded(l *leg, o oracle.Order, q *big.Rat) bool {
	value, less, more := o.Value, 0.0, 0.0
	if value == nil {
		value, less = times(o.Leverage, g.a.size), digit/float(l.usd()) // down to a unit of USD
	}
	if l.rateBy != dollars { // half-even to one of quote currency
		less, more = less+0.5*digit, 0.5*digit
	}
	exact := new(big.Rat).Quo(value, l.worth(rat("1"), o.Price))
	d, per := float(minus(q, exact)), float(times(o.Price, l.lot()))
	return d > -(digit+less/per)*(1+1e-9) && d <= more/per*(1+1e-9)
}

// worse holds a trade's price to its quote and slippage, rounded against the trader.
func (g *game) worse(trade prop.Trade, quoted, slippage *big.Rat) {
	exact := times(quoted, plus(rat("1"), times(slippage, big.NewRat(int64(qtyRat(trade.Quantity).Sign()), 1))))
	d := minus(priceRat(trade.Price), exact)
	if trade.Quantity < 0 {
		d.Neg(d)
	}
	if d.Sign() < 0 || d.Cmp(rat("0.0000000001")) >= 0 {
		g.fail("a trade at %s, exactly %s", trade.Price, exact.FloatString(14))
	}
}

// charged holds a fee to its rate of the trade's value, rounded up, and that value to what was traded.
func (g *game) charged(f fate, l *leg) {
	trade := f.filled.Trade
	value := l.worth(qtyRat(trade.Quantity), priceRat(trade.Price))
	if m := away("value", usdRat(trade.Value), value, 0.5*digit*(1+float(l.usd()))); m != "" {
		g.fail("%s", m)
	}
	exact, fee := times(ratioRat(g.a.feeRate), usdRat(trade.Value)), new(big.Rat)
	if f.fee != nil {
		fee = usdRat(f.fee.Amount)
	}
	if d := minus(fee, exact); d.Sign() < 0 || d.Cmp(rat("0.00000001")) >= 0 {
		g.fail("a fee of %s, exactly %s", fee.FloatString(8), exact.FloatString(18))
	}
}

// dead tells whether nothing is left of the account at the market.
func (g *game) dead() bool {
	equity, off := g.a.equity()
	if abs, _ := absolute(equity).Float64(); abs <= off {
		panic(over{}) // rounding decides
	}
	return equity.Sign() < 0
}

// ended compares whether the account has come to its end, and closes it in the reference too.
func (g *game) ended() bool {
	a, dead := g.w.s.Account(g.w.account), g.dead()
	if gone := a.Status == prop.Eliminated; gone != dead {
		equity, _ := g.a.equity()
		g.fail("%s; equity is %s", a.Status, shown(equity))
	}
	if !dead {
		return false
	}
	g.c.eliminated++
	for _, l := range g.a.legs {
		if l.pos.Quantity.Sign() != 0 {
			price := priceRat(l.bid)
			if l.pos.Quantity.Sign() < 0 {
				price = priceRat(l.ask)
			}
			o := prop.SubmitOrder{Side: prop.Flat}
			g.a.settle(l, l.order(o, price), g.a.take(l, o, price))
		}
	}
	if m := away("balance at the end", usdRat(a.Balance), g.a.balance, g.a.off); m != "" {
		g.fail("%s", m)
	}
	return true
}

// compare holds the engine's books to the reference's.
func (g *game) compare() {
	a := g.w.s.Account(g.w.account)
	open, off := new(big.Rat), 0.0
	for _, l := range g.a.legs {
		p, ours := g.w.s.Position(g.w.account, l.ref), l.marked()
		if qtyRat(p.Quantity).Cmp(ours.Quantity) != 0 {
			g.fail("%s is open, by the reference %s", p.Quantity, shown(ours.Quantity))
		}
		if p.Quantity == 0 {
			continue
		}
		amount := times(ours.Quantity, l.lot())
		found := []string{
			away("unrealised", usdRat(p.Unrealised), ours.Unrealised, l.offMark()),
			away("cost", usdRat(p.Cost), times(ours.AverageEntry, amount), l.off),
		}
		if m := strings.Join(found, ""); m != "" {
			g.fail("%s: %s", l.spec.ID, m)
		}
		open, off = plus(open, ours.Unrealised), off+l.offMark()
	}
	if m := away("balance", usdRat(a.Balance), g.a.balance, g.a.off) + away("unrealised of all", usdRat(a.Unrealised), open, off); m != "" {
		g.fail("%s", m)
	}
}
