package rules

import (
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// MaxPositionValue bounds what one position may be worth, in USD: so that sums over an account's
// positions cannot overflow.
const MaxPositionValue fixed.USD = 1_000_000_000 * fixed.USDScale

// MaxQuantity bounds an order and a position, so that their sum cannot overflow.
const MaxQuantity fixed.Qty = 1<<62 - 1

// CheckSize refuses an order whose size is not exactly one positive figure, or none for FLAT.
func CheckSize(o *prop.SubmitOrder) error {
	set := 0
	for _, v := range []int64{int64(o.Leverage), int64(o.Value), int64(o.Quantity)} {
		if v < 0 {
			return prop.Refuse(prop.InvalidSize, "a size is positive; the side says the direction")
		}
		if v > 0 {
			set++
		}
	}
	switch {
	case o.Side == prop.Flat && set != 0:
		return prop.Refuse(prop.InvalidSize, "FLAT closes the whole position and takes no size")
	case o.Side == prop.Flat:
		return nil
	case o.Side != prop.Long && o.Side != prop.Short:
		return prop.Refuse(prop.InvalidField, "side is LONG, SHORT or FLAT")
	case set != 1:
		return prop.Refuse(prop.InvalidSize, "exactly one of leverage, value and quantity must be set")
	}
	return nil
}

// FillPrice is what the market pays or asks: buying at the ask, selling at the bid.
func FillPrice(buy bool, bid, ask fixed.Price) fixed.Price {
	if buy {
		return ask
	}
	return bid
}

// Quantity turns an order's size into a quantity at a price, signed by its side and rounded down
// in amount. Leverage is of the starting balance. Source: reference/trading.md §3.3.
func Quantity(side prop.Side, kind prop.SizeKind, leverage fixed.Ratio, value fixed.USD, quantity fixed.Qty, size fixed.USD, price fixed.Price, lot int64) (fixed.Qty, error) {
	var err error
	if kind == prop.ByLeverage {
		if value, err = fixed.ScaleDown(size, leverage); err != nil {
			return 0, prop.Refuse(prop.InvalidSize, "the size is out of range")
		}
	}
	if kind != prop.ByQuantity {
		if quantity, err = fixed.QtyDown(value, price, lot); err != nil {
			return 0, prop.Refuse(prop.InvalidSize, "the size is out of range")
		}
	}
	if quantity > MaxQuantity {
		return 0, prop.Refuse(prop.InvalidSize, "the size is out of range")
	}
	if side == prop.Short {
		quantity = -quantity
	}
	return quantity, nil
}

// CheckLeverage refuses a position that grows beyond the pair's bounds, |value| against bound ×
// starting balance. Reducing is always allowed, and nothing is resized silently.
func CheckLeverage(pair *prop.Pair, size fixed.USD, price fixed.Price, before, after fixed.Qty) error {
	if after == 0 || before != 0 && after.Abs() < before.Abs() && (after > 0) == (before > 0) {
		return nil
	}
	value, err := fixed.ValueHalfEven(after, price, pair.Lot)
	if err != nil || value.Abs() > MaxPositionValue || after.Abs() > MaxQuantity {
		return prop.Refuse(prop.LeverageBounds, "the position would be worth more than can be counted", prop.KV{Key: "pair", Value: pair.ID})
	}
	// The minimum is asked of the size as ordered: the quantity was rounded down by less than a unit.
	least, err := fixed.ValueHalfEven(after.Abs()+1, price, pair.Lot)
	if err != nil {
		least = value
	}
	over := fixed.CmpProducts(value.Abs(), fixed.Ratio(fixed.RatioScale), pair.MaxLeverage, size) > 0
	under := fixed.CmpProducts(least.Abs(), fixed.Ratio(fixed.RatioScale), pair.MinLeverage, size) < 0
	if !over && !under {
		return nil
	}
	leverage := "out of range"
	if r, err := fixed.QuotientHalfEven(value.Abs(), size); err == nil {
		leverage = r.String()
	}
	return prop.Refuse(prop.LeverageBounds, "leverage would be "+leverage+"; the bounds are "+pair.MinLeverage.String()+" to "+pair.MaxLeverage.String(),
		prop.KV{Key: "pair", Value: pair.ID})
}

// Trade is what a fill does to a position: quantity that is traded, what it is worth, what it
// realises, how the position's cost changes, and what of an oversized opposite order is not traded.
type Trade struct {
	Quantity  fixed.Qty
	Value     fixed.USD
	Realised  fixed.USD
	CostDelta fixed.USD
	NotTraded fixed.Qty
}

// Fill computes a trade of the signed quantity at the price against a position. Positions are
// uni-directional: an opposite order closes at most what is open. The cost that goes with a part
// is its share, half-even; a full close takes the whole cost, so nothing is left by rounding.
func Fill(quantity, position fixed.Qty, cost fixed.USD, price fixed.Price, lot int64) (Trade, error) {
	t := Trade{Quantity: quantity}
	closing := position != 0 && (position > 0) != (quantity > 0)
	if closing && quantity.Abs() > position.Abs() {
		t.Quantity, t.NotTraded = -position, quantity.Abs().Sub(position.Abs())
	}
	var err error
	if t.Value, err = fixed.ValueHalfEven(t.Quantity, price, lot); err != nil {
		return t, err
	}
	if !closing {
		t.CostDelta = t.Value
		return t, nil
	}
	share, err := fixed.PartHalfEven(cost, t.Quantity.Abs(), position.Abs())
	t.CostDelta, t.Realised = -share, -t.Value.Add(share)
	return t, err
}

// Fee is the transaction fee on a trade's notional value, rounded up. Source:
// reference/trading.md §4.1.
func Fee(r *prop.RuleSet, value fixed.USD) (fixed.USD, error) {
	return fixed.ChargeUp(value, r.FeeRate)
}

// Fresh tells whether a price last seen then may be traded on now.
func Fresh(r *prop.RuleSet, seen, now prop.Instant) bool { return int64(now-seen) <= r.MaxPriceAgeMs }

// CheckQuote refuses a quote that is not 0 < bid ≤ ask, and a price at which the largest open
// position could not be counted.
func CheckQuote(q prop.Quote, largest fixed.Qty, lot int64) error {
	pair := prop.KV{Key: "pair", Value: q.Pair}
	if q.Bid <= 0 || q.Ask < q.Bid {
		return prop.Refuse(prop.InvalidPrice, "a quote is 0 < bid ≤ ask", pair)
	}
	if v, err := fixed.ValueHalfEven(largest, q.Ask, lot); err != nil || v > MaxPositionValue {
		return prop.Refuse(prop.InvalidPrice, "an open position would be worth more than can be counted", pair)
	}
	return nil
}
