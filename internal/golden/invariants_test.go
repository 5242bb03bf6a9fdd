package golden_test

import (
	"fmt"
	"math/big"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/whatif"
	"github.com/propnet/propnet/prop"
)

// anyDecimal draws a number of a scale with at most so many digits.
func anyDecimal(t *rapid.T, name string, lo, hi float64, scale int64, digits int) int64 {
	unit := scale
	for range digits {
		unit /= 10
	}
	return rapid.Int64Range(int64(lo*float64(scale))/unit, int64(hi*float64(scale))/unit).Draw(t, name) * unit
}

// anyOrder draws a LONG or SHORT of up to a maximum of the account, whose size is to be split by.
func anyOrder(t *rapid.T, pair string, account fixed.USD, price fixed.Price, lot int64) prop.SubmitOrder {
	o := prop.SubmitOrder{Pair: pair, Side: rapid.SampledFrom([]prop.Side{prop.Long, prop.Short}).Draw(t, "side")}
	leverage := anyDecimal(t, "leverage", 0.01, 2, fixed.RatioScale, 9)
	value := units(times(usdRat(account), big.NewRat(leverage, fixed.RatioScale)), fixed.USDScale)
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		o.Leverage = fixed.Ratio(leverage)
	case 1:
		o.Value = fixed.USD(value)
	default:
		o.Quantity = fixed.Qty(max(2, units(new(big.Rat).Quo(big.NewRat(value, fixed.USDScale), times(priceRat(price), big.NewRat(lot, 1))), fixed.QtyScale)))
	}
	return o
}

// TestSplitting is invariant 2 of reference/trading.md §13.1, through the engine: an order in two parts
// that fill on one batch does what it does in one. The slippage is the same for every size; where a
// table has steps, a smaller order may slip less, and that is no rounding.
//
// With r USD per unit of quote currency, p the price and s the slippage:
//
//   - by quantity, the same is held; by leverage or value each part is rounded by itself, so that what
//     is held differs by at most dq, a unit of 1e-8 and what 2e-8 USD and 1.5e-8 in quote currency buy;
//   - each trade's value is rounded to 1e-8 and each share of a cost too: 2.5e-8·r + 1.5e-8 in all;
//   - two fees are rounded up instead of one: 2e-8, and the fee on dq;
//   - so equity after the fill differs by at most dq·lot·p·s·r and those, and after a close at p' by at
//     most dq·lot·2·max(p, p')·(1+s)·r and twice those.
func TestSplitting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lot := rapid.SampledFrom([]int64{1, 100_000}).Draw(t, "lot")
		set := goldenSet(fixed.USD(anyDecimal(t, "account", 1_000, 200_000, fixed.USDScale, 8)))
		slippage, fee := fixed.Ratio(anyDecimal(t, "slippage", 0, 0.01, fixed.RatioScale, 9)), fixed.Ratio(anyDecimal(t, "fee", 0, 0.005, fixed.RatioScale, 9))
		set.Slippage.Crypto.Default, set.Classes[0].FeeRate = slippage, fee
		pairs := []prop.Pair{
			{ID: "AEUR", Display: "AEUR", Base: "A", Quote: "EUR", Class: "crypto", Lot: lot, MaxLeverage: noBound, Multiplier: 1, State: prop.Tradable},
			{ID: "EURUSD", Display: "EUR/USD", Base: "EUR", Quote: "USD", Class: "forex", Lot: 1, MaxLeverage: noBound, Multiplier: 1, State: prop.DataOnly},
		}
		rate := fixed.Price(anyDecimal(t, "rate", 0.5, 2, fixed.PriceScale, 9))
		market := func(name string) []prop.Quote {
			p := fixed.Price(anyDecimal(t, name, 90, 110, fixed.PriceScale, 9))
			return []prop.Quote{quote("AEUR", p, p+fixed.Price(rapid.IntRange(0, 1).Draw(t, "spread"))*p/1_000), quote("EURUSD", rate, rate)}
		}
		worlds := [2]*world{newWorld(t, cryptoMs, pairs, set, "crypto"), newWorld(t, cryptoMs, pairs, set, "crypto")}
		both := func(quotes []prop.Quote, orders ...prop.SubmitOrder) {
			for _, w := range worlds {
				for _, o := range orders {
					w.mustPrices(quotes...)
					w.mustSubmit(o)
				}
				w.mustPrices(quotes...)
			}
		}
		for range rapid.IntRange(0, 3).Draw(t, "before") {
			both(market("price"), anyOrder(t, "AEUR", set.AccountSize, 100*fixed.PriceScale, lot))
		}
		quotes := market("price")
		whole := anyOrder(t, "AEUR", set.AccountSize, quotes[0].Ask, lot)
		first, second := whole, whole
		part := rapid.Int64Range(1, 999).Draw(t, "part")
		first.Leverage, first.Value, first.Quantity = whole.Leverage*fixed.Ratio(part)/1_000, whole.Value/1_000*fixed.USD(part), whole.Quantity/1_000*fixed.Qty(part)
		second.Leverage, second.Value, second.Quantity = whole.Leverage-first.Leverage, whole.Value-first.Value, whole.Quantity-first.Quantity
		var ids []prop.CommandID
		for i, orders := range [][]prop.SubmitOrder{{whole}, {first, second}} {
			worlds[i].mustPrices(quotes...)
			for _, o := range orders {
				id, err := worlds[i].submit(o)
				if err != nil {
					t.Skip("a part of less than a unit")
				}
				ids = append(ids, id)
			}
			worlds[i].mustPrices(quotes...)
		}
		for i, id := range ids {
			if f := worlds[min(i, 1)].fate(id); f.filled == nil || f.filled.NotTraded != 0 {
				t.Skip("an order of more than is open: its second part opens another position")
			}
		}
		r, p, s := float(priceRat(rate)), float(priceRat(quotes[0].Ask)), 1+float(ratioRat(slippage))
		dq := digit + (2*digit/r+1.5*digit)/(p*float64(lot))
		if whole.Quantity != 0 {
			dq = 0
		}
		each := 2.5*digit*r + 1.5*digit + 2*digit
		one, two := worlds[0], worlds[1]
		differ := func(what string, a, b *big.Rat, bound float64) {
			if m := away(what, a, b, bound); m != "" {
				t.Fatal(m)
			}
		}
		equity := func(w *world) *big.Rat { return usdRat(w.s.Account(w.account).Equity()) }
		differ("held", one.quantity("AEUR"), two.quantity("AEUR"), dq)
		worth := dq * float64(lot) * r
		differ("equity", equity(one), equity(two), worth*p*(s-1+0.001+float(ratioRat(fee))*s)+each)
		if one.quantity("AEUR").Sign() == 0 || two.quantity("AEUR").Sign() == 0 {
			return
		}
		last := market("last price")
		both(last, prop.SubmitOrder{Pair: "AEUR", Side: prop.Flat})
		differ("balance in the end", equity(one), equity(two), worth*2*max(p, float(priceRat(last[0].Ask)))*s*(1+float(ratioRat(fee)))+2*each)
	})
}

// TestMirror is invariant 6: what is bought here is sold there at prices that are mirrored at a pivot,
// bid for ask, without slippage and fees, in USD. Both accounts fare the same, up to the rounding of
// values and shares: (n + 1)·(n + 2)·1e-8 USD after n trades.
func TestMirror(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const pivot = 5_000 * fixed.PriceScale
		pair := prop.Pair{
			ID: "AUSD", Display: "AUSD", Base: "A", Quote: "USD", Class: "crypto", Lot: rapid.SampledFrom([]int64{1, 10}).Draw(t, "lot"),
			MaxLeverage: noBound, Multiplier: 1, State: prop.Tradable,
		}
		here := newWorld(t, cryptoMs, []prop.Pair{pair}, goldenSet(1_000_000*usd), "crypto")
		there := newWorld(t, cryptoMs, []prop.Pair{pair}, goldenSet(1_000_000*usd), "crypto")
		opposite := map[prop.Side]prop.Side{prop.Long: prop.Short, prop.Short: prop.Long, prop.Flat: prop.Flat}
		move := func() {
			bid := fixed.Price(anyDecimal(t, "bid", 1, 9_000, fixed.PriceScale, 9))
			ask := bid + 2*fixed.Price(anyDecimal(t, "half spread", 0, 10, fixed.PriceScale, 9))
			here.mustPrices(quote("AUSD", bid, ask))
			there.mustPrices(quote("AUSD", 2*pivot-ask, 2*pivot-bid))
		}
		move()
		n := rapid.IntRange(1, 8).Draw(t, "orders")
		for i := range n {
			o := prop.SubmitOrder{Pair: "AUSD", Side: rapid.SampledFrom([]prop.Side{prop.Long, prop.Short, prop.Long, prop.Short, prop.Flat}).Draw(t, "side")}
			if o.Side != prop.Flat {
				o.Quantity = fixed.Qty(anyDecimal(t, "quantity", 0.00000001, 1, fixed.QtyScale, 8))
			}
			id, err := here.submit(o)
			o.Side = opposite[o.Side]
			id2, err2 := there.submit(o)
			move()
			if code(err) != code(err2) {
				t.Fatalf("order %d: %v here, %v there", i, err, err2)
			}
			if err == nil {
				if a, b := here.fate(id).filled, there.fate(id2).filled; a.Trade.Quantity != -b.Trade.Quantity || a.NotTraded != b.NotTraded {
					t.Fatalf("order %d: %+v here, %+v there", i, a, b)
				}
			}
			a, b := here.s.Account(here.account), there.s.Account(there.account)
			bound := float64((i+2)*(i+3)) * digit
			if m := away("balance", usdRat(a.Balance), usdRat(b.Balance), bound) + away("unrealised", usdRat(a.Unrealised), usdRat(b.Unrealised), bound); m != "" {
				t.Fatal(m)
			}
			if plus(here.quantity("AUSD"), there.quantity("AUSD")).Sign() != 0 {
				t.Fatalf("order %d: %s here, %s there", i, shown(here.quantity("AUSD")), shown(there.quantity("AUSD")))
			}
		}
	})
}

// TestReading: what anyone reads, and how often, changes nothing: neither what happens, nor fees, nor
// the roots. Two nodes take the same commands over three days with carry; one of them is read all the
// time, and asked what an order would do.
func TestReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := goldenSet(100_000 * usd)
		set.Classes[0].FeeRate, set.Classes[0].CarryRate = ratio("0.001"), ratio("0.000105905")
		set.Slippage.Crypto.Default = ratio("0.0002")
		pair := prop.Pair{ID: "BTCUSD", Display: "BTC/USD", Base: "BTC", Quote: "USD", Class: "crypto", Lot: 1, MaxLeverage: noBound, Multiplier: 1, State: prop.Tradable}
		quietly, read := newWorld(t, cryptoMs, []prop.Pair{pair}, set, "crypto"), newWorld(t, cryptoMs, []prop.Pair{pair}, set, "crypto")
		for range rapid.IntRange(1, 8).Draw(t, "rounds") {
			pass := prop.Instant(rapid.Int64Range(0, 9*hourMs).Draw(t, "pass"))
			p := fixed.Price(anyDecimal(t, "price", 50_000, 70_000, fixed.PriceScale, 2))
			o := anyOrder(t, "BTCUSD", set.AccountSize, p, 1)
			for _, w := range []*world{quietly, read} {
				for range 2 {
					w.at += pass
					w.mustPrices(quote("BTCUSD", p, p+p/10_000))
					if w == read {
						w.readAll(t, o)
					}
					if w.s.Account(w.account).Status == prop.Active {
						w.mustSubmit(o)
					}
				}
			}
		}
		if !reflect.DeepEqual(quietly.log, read.log) {
			t.Fatal("reading has changed what happens")
		}
		ar, at := quietly.s.Roots()
		br, bt := read.s.Roots()
		if ar != br || at != bt {
			t.Fatal("reading has changed the roots")
		}
	})
}

// readAll reads whatever there is to read, some of it twice, and wants the same twice.
func (w *world) readAll(t *rapid.T, o prop.SubmitOrder) {
	registry, trading := w.s.Roots()
	var seen [2]string
	for i := range seen {
		ref, _ := w.s.Pair("BTCUSD")
		a := w.s.Account(w.account)
		wake, due := engine.NextWake(w.s)
		w.s.EachActive(func(r prop.AccountRef, _ prop.RulesRef, _ uint8, size, equity, peak fixed.USD) {
			seen[i] += fmt.Sprint(r, size, equity, peak)
		})
		seen[i] += fmt.Sprint(a, a.Equity(), w.s.Position(w.account, ref), w.s.Quote(ref), wake, due, w.s.Held(w.account), w.s.Holders(ref), len(w.s.OrdersOf(w.account)))
		w.verify()
		o.Account, o.Type = w.key, prop.Market
		result, err := whatif.Order(w.s.Extract(w.account), w.at, &o)
		seen[i] += fmt.Sprint(result, err)
	}
	if r, tr := w.s.Roots(); seen[0] != seen[1] || r != registry || tr != trading {
		t.Fatal("reading twice reads two things, or changes them")
	}
}
