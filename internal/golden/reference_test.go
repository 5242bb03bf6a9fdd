package golden_test

import (
	"fmt"
	"math"
	"math/big"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/oracle"
	"github.com/propnet/propnet/prop"
)

// The reference of a random game: the slow evaluator for positions, and exact rationals for what it
// leaves out, fees, carry and the end of an account. It shares no code with what it judges.
//
// Where the node rounds, the two may differ by so much (amounts in quote currency, r is the rate to
// USD, each rounding at most a half of its last digit, a charge a whole one):
//
//   - a quantity that was ordered in dollars or as leverage: what half of 1e-8 in quote currency buys, and
//     for leverage what 1e-8 USD buy, and then the unit of 1e-8 that this may decide. The reference then
//     goes on with the node's;
//   - the cost of a position: each trade 0.5e-8 + |quantity|·lot·1e-10, for value and price, and each
//     reduction another 0.5e-8 for the share that it takes;
//   - what a reduction realises: r · (its own, and the position's so far) + 0.5e-8;
//   - what is open: r · (the position's so far + 0.5e-8 + |quantity|·lot·1e-10, for the mid) + 0.5e-8;
//   - a fee or a charge of carry: 1e-8, and its rate times what its value was off;
//   - a bound of leverage: decided otherwise only if the position's value is within two units' worth of
//     it, and what the value is off (the mid is rounded, 1e-10 in quote currency on the amount); the end
//     of an account: only if its equity is within the above of 0. The sequence then ends.
//
// All of it is far below what the architecture allows (0.001 USD + 1e-8 × notional).
const digit = 1e-8

// leg is a pair that is traded, and where the market stands.
type leg struct {
	spec     prop.Pair
	ref      prop.PairRef
	rateBy   rateKind
	rateID   string // of the pair that the rate comes from
	price    fixed.Price
	rate     fixed.Price // of that pair
	bid, ask fixed.Price
	slippage fixed.Ratio

	list []oracle.Order // taken so far
	pos  oracle.Position
	off  float64 // how far the node's cost of the position may be from ours, in quote currency
}

type rateKind int

const (
	dollars   rateKind = iota // quoted in USD
	direct                    // a pair of the quote currency against USD
	inverse                   // a pair of USD against the quote currency
	ownMiddle                 // the pair itself is one of USD against its quote currency
)

func (l *leg) mid() *big.Rat {
	return times(rat("0.5"), plus(priceRat(l.bid), priceRat(l.ask)))
}

// usd is the exact rate from quote currency to USD.
func (l *leg) usd() *big.Rat {
	switch l.rateBy {
	case direct:
		return priceRat(l.rate)
	case inverse:
		return new(big.Rat).Inv(priceRat(l.rate))
	case ownMiddle:
		return new(big.Rat).Inv(l.mid())
	}
	return rat("1")
}

func (l *leg) lot() *big.Rat { return big.NewRat(l.spec.Lot, 1) }

// marked is the position at the market.
func (l *leg) marked() oracle.Position { return oracle.Mark(l.pos, l.mid(), l.usd()) }

// worth of a quantity at a price, in USD.
func (l *leg) worth(q, price *big.Rat) *big.Rat { return times(absolute(q), price, l.lot(), l.usd()) }

func float(r *big.Rat) float64 {
	f, _ := r.Float64()
	return f
}

// amount is |quantity|·lot.
func (l *leg) amount(q *big.Rat) float64 { return math.Abs(float(q)) * float64(l.spec.Lot) }

// offMark is how far the node's unrealised result may be from ours.
func (l *leg) offMark() float64 {
	if l.pos.Quantity.Sign() == 0 {
		return 0
	}
	return float(l.usd())*(l.off+0.5*digit+l.amount(l.pos.Quantity)*1e-10) + 0.5*digit
}

// order is a submitted order as the evaluator takes it, at a price.
func (l *leg) order(o prop.SubmitOrder, price *big.Rat) oracle.Order {
	out := oracle.Order{Side: o.Side, Price: price, QuoteUSD: l.usd(), Slippage: ratioRat(l.slippage)}
	if o.Leverage != 0 {
		out.Leverage = ratioRat(o.Leverage)
	}
	if o.Value != 0 {
		out.Value = usdRat(o.Value)
	}
	if o.Quantity != 0 {
		out.Quantity = qtyRat(o.Quantity)
	}
	return out
}

// account is the reference's.
type account struct {
	size, balance *big.Rat
	off           float64 // how far the node's balance may be from ours
	feeRate       fixed.Ratio
	carryRate     fixed.Ratio
	limit         fixed.Ratio // the portfolio cap; 0 is none
	legs          []*leg
}

// equity, and how far the node's may be from it.
func (a *account) equity() (*big.Rat, float64) {
	e, off := new(big.Rat).Set(a.balance), a.off
	for _, l := range a.legs {
		if l.pos.Quantity.Sign() != 0 {
			e.Add(e, l.marked().Unrealised)
			off += l.offMark()
		}
	}
	return e, off
}

// bounds of a pair, with what the other pairs use of the cap at the market.
func (a *account) bounds(l *leg) oracle.Bounds {
	b := oracle.Bounds{Min: ratioRat(l.spec.MinLeverage), Max: ratioRat(l.spec.MaxLeverage), Multiplier: big.NewRat(l.spec.Multiplier, 1)}
	if a.limit == 0 {
		return b
	}
	b.Cap, b.Other = ratioRat(a.limit), new(big.Rat)
	for _, other := range a.legs {
		if other != l {
			used := times(other.worth(other.pos.Quantity, other.mid()), big.NewRat(other.spec.Multiplier, 1))
			b.Other.Add(b.Other, used.Quo(used, a.size))
		}
	}
	return b
}

// atBound tells whether a growing position would be so near a bound that rounding decides.
func (a *account) atBound(l *leg, o oracle.Order, b oracle.Bounds) bool {
	asked := o.Quantity
	unit := float(l.worth(rat("0.00000001"), o.Price))
	if asked == nil {
		value := o.Value
		if value == nil {
			value = times(o.Leverage, a.size)
		}
		asked = new(big.Rat).Quo(value, l.worth(rat("1"), o.Price))
	}
	if o.Side == prop.Short {
		asked = new(big.Rat).Neg(asked)
	}
	value := float(l.worth(plus(l.pos.Quantity, asked), o.Price))
	slack := 2*unit + 10*digit + float(l.usd())*(digit+l.amount(plus(l.pos.Quantity, asked))*1e-10)
	size := float(a.size)
	near := math.Abs(value-float(b.Max)*size) <= slack || math.Abs(value-float(b.Min)*size) <= slack || math.Abs(value) <= slack
	if b.Cap != nil {
		m, others := float64(l.spec.Multiplier), 0.0
		for _, other := range a.legs {
			if other != l {
				others += float64(other.spec.Multiplier) * (digit + float(other.usd())*(digit+other.amount(other.pos.Quantity)*1e-10))
			}
		}
		near = near || math.Abs(float(b.Other)*size+value*m-float(b.Cap)*size) <= slack*m+others
	}
	return near
}

// take lets an order trade at the market. It returns what became of it.
func (a *account) take(l *leg, o prop.SubmitOrder, price *big.Rat) oracle.Outcome {
	return a.evaluate(l, append(l.list, l.order(o, price)))
}

func (a *account) evaluate(l *leg, list []oracle.Order) oracle.Outcome {
	list[len(list)-1].AtMs = int64(len(list))
	b := a.bounds(l)
	b.FromMs = int64(len(list))
	// What was taken before is not judged again: it was taken.
	out := oracle.Evaluate(a.size, l.spec.Lot, []oracle.Bounds{{}, b}, list)
	return out[len(out)-1]
}

// settle makes an outcome true, and says how far the node may now be from it.
func (a *account) settle(l *leg, o oracle.Order, out oracle.Outcome) {
	r, grew := float(l.usd()), l.pos.Quantity.Sign()*out.Traded.Sign() >= 0
	if l.pos.Quantity.Sign() == 0 {
		l.off = 0
	}
	l.list, l.pos = append(l.list, o), out.Position
	step := 0.5*digit + l.amount(out.Traded)*1e-10
	if grew {
		l.off += step
	} else {
		a.off += r*(step+l.off+0.5*digit) + 0.5*digit
		l.off += 0.5 * digit
	}
	slip := plus(rat("1"), times(o.Slippage, big.NewRat(int64(out.Traded.Sign()), 1)))
	fee := times(ratioRat(a.feeRate), l.worth(out.Traded, times(o.Price, slip)))
	a.balance = minus(plus(a.balance, out.Realised), fee)
	if fee.Sign() != 0 {
		a.off += digit + float(ratioRat(a.feeRate))*(r*step+0.5*digit)
	}
}

// carry charges the boundaries in (from, to], at the market as it is.
func (a *account) carry(class string, from, to prop.Instant) {
	for h := from/hourMs + 1; h*hourMs <= to; h++ {
		units := carryUnits(class, h)
		if units == 0 {
			continue
		}
		charge := times(ratioRat(a.carryRate), big.NewRat(units, 1))
		for _, l := range a.legs {
			if l.pos.Quantity.Sign() != 0 {
				a.balance = minus(a.balance, times(charge, l.worth(l.pos.Quantity, l.mid())))
				a.off += digit + float(charge)*(float(l.usd())*(0.5*digit+l.amount(l.pos.Quantity)*1e-10)+0.5*digit)
			}
		}
	}
}

// carryUnits of the hour since 1970: crypto at 4, 12 and 20; others at 21 on workdays, on Wednesday three.
func carryUnits(class string, hour prop.Instant) int64 {
	if class == "crypto" {
		if hour%24%8 == 4 {
			return 1
		}
		return 0
	}
	if hour%24 != 21 {
		return 0
	}
	return []int64{0, 1, 1, 3, 1, 1, 0}[(hour/24+4)%7]
}

// away tells by how much a figure of the node is further from ours than it may be; empty if it is not.
func away(what string, node, ours *big.Rat, may float64) string {
	if d := math.Abs(float(minus(node, ours))); d > may*(1+1e-9)+1e-15 {
		return fmt.Sprintf("%s: %s, the reference has %s, a difference of %g; it may be %g", what, node.FloatString(14), ours.FloatString(14), d, may)
	}
	return ""
}
