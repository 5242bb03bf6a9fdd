package rules

import (
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/market"
	"github.com/propnet/propnet/prop"
)

// FillPrice is what the market pays or asks: buying at the ask, selling at the bid.
func FillPrice(buy bool, bid, ask fixed.Price) fixed.Price {
	if buy {
		return ask
	}
	return bid
}

// Slippage is how much worse than its quote a trade is filled, as a part of the price. An order that
// rested at its price does not slip. Equities and indices have no table. Source:
// reference/trading.md §4.4.
func Slippage(r *prop.RuleSet, pair *prop.Pair, buy bool, value fixed.USD, at prop.Instant) fixed.Ratio {
	s, _ := market.Slip(&r.Slippage, pair.Class, pair.ID, buy, value, at)
	return s
}

// Fill computes a trade of the signed quantity at the quoted price, worsened by slippage, against a
// position. Positions are uni-directional: an opposite order closes at most what is open, and says
// what was not traded. The cost that goes with a part is its share, half-even; a full close takes
// the whole cost, so nothing is left by rounding. The gain is converted at the rate of the close.
func Fill(quantity, position fixed.Qty, cost fixed.USD, quoted fixed.Price, slippage fixed.Ratio, q Quote, lot int64) (t prop.Trade, notTraded fixed.Qty, err error) {
	t = prop.Trade{Quoted: quoted, Slippage: slippage, Quantity: quantity, RateNum: q.Num, RateDen: q.Den}
	closing := Reduces(position, quantity)
	if closing && quantity.Abs() > position.Abs() {
		t.Quantity, notTraded = -position, quantity.Abs().Sub(position.Abs())
	}
	if t.Price, err = fixed.WorsePrice(quoted, slippage, quantity > 0); err != nil {
		return t, 0, err
	}
	signed, err := fixed.ValueHalfEven(t.Quantity, t.Price, lot)
	if err != nil {
		return t, 0, err
	}
	if t.Value, err = q.usd(signed.Abs()); err != nil {
		return t, 0, err
	}
	if !closing {
		t.CostDelta = signed
		return t, notTraded, nil
	}
	share, err := fixed.PartHalfEven(cost, t.Quantity.Abs(), position.Abs())
	if err != nil {
		return t, 0, err
	}
	t.CostDelta, t.Gain = -share, -signed.Add(share)
	t.Realised, err = q.usd(t.Gain)
	return t, notTraded, err
}

// Fee is the transaction fee of the pair's class on a trade's notional value in USD, rounded up, and
// its rate. Source: reference/trading.md §4.1.
func Fee(r *prop.RuleSet, class string, value fixed.USD) (fixed.USD, fixed.Ratio, error) {
	c, ok := r.Of(class)
	if !ok {
		return 0, 0, nil
	}
	fee, err := fixed.ChargeUp(value, c.FeeRate)
	return fee, c.FeeRate, err
}

// Carry is what a position of the class pays per USD at a boundary of its calendar.
func Carry(r *prop.RuleSet, class string, units int) fixed.Ratio {
	c, ok := r.Of(class)
	if !ok {
		return 0
	}
	return c.CarryRate * fixed.Ratio(units)
}
