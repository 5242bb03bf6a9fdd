package rules

import (
	"strconv"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/market"
	"github.com/propnet/propnet/prop"
)

// Fresh tells whether a price last seen then may be traded on now.
func Fresh(r *prop.RuleSet, seen, now prop.Instant) bool { return int64(now-seen) <= r.MaxPriceAgeMs }

// maxPrice leaves room for slippage on top of a quote.
const maxPrice fixed.Price = 1 << 62

// CheckQuote refuses a quote that is not 0 < bid ≤ ask, or is beyond what can be counted.
func CheckQuote(q prop.Quote) error {
	if q.Bid <= 0 || q.Ask < q.Bid {
		return prop.Refuse(prop.InvalidPrice, "a quote is 0 < bid ≤ ask", prop.KV{Key: "pair", Value: q.Pair})
	}
	if q.Ask > maxPrice {
		return prop.Refuse(prop.InvalidPrice, "a price is at most "+maxPrice.String(), prop.KV{Key: "pair", Value: q.Pair})
	}
	return nil
}

// maxCost bounds what a position may have cost, at the rate of the day: prices may have moved since.
const maxCost = 10 * MaxPositionValue

// maxQuoted bounds what a position may be worth in quote currency, so that slippage on top, and the
// difference to its cost, can be counted. Half of it when it is opened: prices may rise.
const maxQuoted fixed.USD = 1 << 62

// CheckCountable refuses a quote, or a rate to USD, at which a position of that quantity and cost, by
// amount, could not be counted.
func CheckCountable(pair *prop.Pair, q Quote, quantity fixed.Qty, cost fixed.USD) error {
	if quantity == 0 {
		return nil
	}
	quoted, err := fixed.ValueHalfEven(quantity, q.Ask, pair.Lot)
	value, err2 := q.usd(quoted)
	paid, err3 := q.usd(cost)
	if err != nil || err2 != nil || err3 != nil || quoted > maxQuoted || value > MaxPositionValue || paid > maxCost {
		return prop.Refuse(prop.InvalidPrice, "an open position would be worth more than can be counted", prop.KV{Key: "pair", Value: pair.ID})
	}
	return nil
}

// CheckExposure refuses new exposure where it is not to be had: a pair that is not tradable, a kill
// switch, a closed market. Whoever only reduces is not asked.
func CheckExposure(pair *prop.Pair, s prop.PairState, halted bool, at prop.Instant) error {
	which := prop.KV{Key: "pair", Value: pair.ID}
	if s != prop.Tradable {
		return prop.Refuse(prop.PairNotTradable, "the pair is "+s.String(), which)
	}
	if halted {
		return prop.Refuse(prop.TradingHalted, "no new exposure is allowed now")
	}
	session, known := market.Session(pair.Class, at)
	switch {
	case !known:
		return prop.Refuse(prop.CalendarUnknown, "the sessions of class "+pair.Class+" are not known for "+at.String(), which)
	case !session.Open && session.NextOpen == 0:
		return prop.Refuse(prop.MarketClosed, "the market never opens", which)
	case !session.Open:
		return prop.Refuse(prop.MarketClosed, "the market opens at "+session.NextOpen.String(), which)
	}
	return nil
}

// CheckLeverage refuses a position that grows beyond the pair's bounds, |value| in USD against
// bound × starting balance. Reducing is always allowed, and nothing is resized silently.
func CheckLeverage(pair *prop.Pair, size fixed.USD, price fixed.Price, q Quote, before, after fixed.Qty) error {
	if after == 0 || before != 0 && after.Abs() < before.Abs() && (after > 0) == (before > 0) {
		return nil
	}
	which := prop.KV{Key: "pair", Value: pair.ID}
	quoted, err := fixed.ValueHalfEven(after.Abs(), price, pair.Lot)
	value, err2 := q.usd(quoted)
	if err != nil || err2 != nil || quoted > maxQuoted/2 || value > MaxPositionValue || after.Abs() > MaxQuantity {
		return prop.Refuse(prop.LeverageBounds, "the position would be worth more than can be counted", which)
	}
	over := fixed.CmpProducts(value, fixed.Ratio(fixed.RatioScale), pair.MaxLeverage, size) > 0
	under := fixed.CmpProducts(asOrdered(q, value, after.Abs(), price, pair.Lot), fixed.Ratio(fixed.RatioScale), pair.MinLeverage, size) < 0
	if !over && !under {
		return nil
	}
	return prop.Refuse(prop.LeverageBounds, "leverage would be "+leverage(value, size)+"; the bounds are "+pair.MinLeverage.String()+" to "+pair.MaxLeverage.String(), which)
}

// asOrdered is the most that a quantity of this value can have been ordered for, as the minimum is asked
// of the size that was ordered. From there to the quantity and back to its value, each step took less
// than a unit: of the quantity, of quote currency, and twice of USD.
func asOrdered(q Quote, value fixed.USD, quantity fixed.Qty, price fixed.Price, lot int64) fixed.USD {
	quoted, err := fixed.ValueHalfEven(quantity+1, price, lot)
	if err != nil {
		return value
	}
	most, err := q.usd(quoted + 1)
	if err != nil {
		return value
	}
	return most + 2
}

// CheckPortfolio refuses exposure that takes the account's weighted value, Σ |value| × multiplier in
// USD, beyond the cap × starting balance. Source: reference/trading.md §1.3.
func CheckPortfolio(r *prop.RuleSet, size, weighted fixed.USD) error {
	if r.PortfolioCap == 0 || fixed.CmpProducts(weighted, fixed.Ratio(fixed.RatioScale), r.PortfolioCap, size) <= 0 {
		return nil
	}
	return prop.Refuse(prop.PortfolioBounds, "weighted leverage over all pairs would be "+leverage(weighted, size)+"; the cap is "+r.PortfolioCap.String())
}

func leverage(value, size fixed.USD) string {
	if r, err := fixed.QuotientHalfEven(value, size); err == nil {
		return r.String()
	}
	return "out of range"
}

// CheckOrders refuses another order in a position that has as many as it may.
func CheckOrders(r *prop.RuleSet, filled int64) error {
	if r.MaxOrders == 0 || filled < r.MaxOrders {
		return nil
	}
	return prop.Refuse(prop.OrdersPerPosition, "the position has "+strconv.FormatInt(filled, 10)+" orders")
}

// CheckCooldown refuses an order in a pair before the cooldown after the one before has passed.
// Exactly at its end is allowed. Source: reference/trading.md §6.2.
func CheckCooldown(until, at prop.Instant) error {
	if at >= until {
		return nil
	}
	return prop.Refuse(prop.Cooldown, "the last order in the pair was too recent", RetryAfter(int64(until-at)))
}

// Take counts one more in a rate's window, which begins with the first and holds until more than
// its length has passed, or refuses. Source: reference/trading.md §6.1.
func Take(rate prop.Rate, w prop.Window, at prop.Instant) (prop.Window, error) {
	if rate.Count == 0 {
		return prop.Window{}, nil
	}
	if w.Count == 0 || int64(at-w.Start) > rate.WindowMs {
		return prop.Window{Start: at, Count: 1}, nil
	}
	if w.Count >= rate.Count {
		return w, prop.Refuse(prop.OrderRateLimited, strconv.FormatInt(rate.Count, 10)+" orders have been taken since "+w.Start.String(),
			RetryAfter(int64(w.Start-at)+rate.WindowMs+1))
	}
	return prop.Window{Start: w.Start, Count: w.Count + 1}, nil
}

// RetryAfter says in an error when the same would be accepted, if nothing else happens.
func RetryAfter(ms int64) prop.KV {
	return prop.KV{Key: prop.RetryAfterKey, Value: strconv.FormatInt(ms, 10)}
}
