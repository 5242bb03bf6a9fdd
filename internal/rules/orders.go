package rules

import (
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// MaxPositionValue bounds what one position may be worth: so that sums over an account's positions
// cannot overflow.
const MaxPositionValue fixed.USD = 1_000_000_000 * fixed.USDScale

// MaxQuantity bounds an order and a position, so that their sum cannot overflow.
const MaxQuantity fixed.Qty = 1<<62 - 1

// Quote is what deciding needs of a pair at one moment: prices in quote currency, and the exact
// rate Num/Den from there to USD.
type Quote struct{ Bid, Ask, Mark, Num, Den fixed.Price }

// usd is an amount of quote currency in USD.
func (q Quote) usd(v fixed.USD) (fixed.USD, error) { return fixed.ConvertHalfEven(v, q.Num, q.Den) }

// Value is what a quantity is worth at a price, in USD.
func (q Quote) Value(quantity fixed.Qty, price fixed.Price, lot int64) (fixed.USD, error) {
	v, err := fixed.ValueHalfEven(quantity, price, lot)
	if err != nil {
		return 0, err
	}
	return q.usd(v)
}

// CheckOrder refuses an order whose parts don't make one: its sizes, its side, its prices. Which of
// them an order type takes is in prop.SubmitOrder.
func CheckOrder(o *prop.SubmitOrder) error {
	sizes := 0
	for _, v := range []int64{int64(o.Leverage), int64(o.Value), int64(o.Quantity)} {
		if v < 0 {
			return prop.Refuse(prop.InvalidSize, "a size is positive; the side says the direction")
		}
		if v > 0 {
			sizes++
		}
	}
	if o.LimitPrice < 0 || o.StopLoss < 0 || o.TakeProfit < 0 {
		return prop.Refuse(prop.InvalidPrices, "a price is positive")
	}
	switch o.Type {
	case prop.Market, prop.Limit:
		return checkDirected(o, sizes)
	case prop.Bracket:
		return checkBracket(o, sizes)
	}
	return prop.Refuse(prop.InvalidField, "type is MARKET, LIMIT or BRACKET")
}

func checkDirected(o *prop.SubmitOrder, sizes int) error {
	isLimit := o.Type == prop.Limit
	switch {
	case o.Side == prop.Flat && isLimit:
		return prop.Refuse(prop.InvalidField, "a LIMIT is LONG or SHORT; to close at a price use a BRACKET")
	case o.Side == prop.Flat && sizes != 0:
		return prop.Refuse(prop.InvalidSize, "FLAT closes the whole position and takes no size")
	case o.Side == prop.Flat && (o.StopLoss != 0 || o.TakeProfit != 0):
		return prop.Refuse(prop.InvalidPrices, "FLAT leaves nothing that a stop could protect")
	case o.Side != prop.Long && o.Side != prop.Short && o.Side != prop.Flat:
		return prop.Refuse(prop.InvalidField, "side is LONG, SHORT or FLAT")
	case o.Side != prop.Flat && sizes != 1:
		return prop.Refuse(prop.InvalidSize, "exactly one of leverage, value and quantity must be set")
	case isLimit != (o.LimitPrice != 0):
		return prop.Refuse(prop.InvalidPrices, "a LIMIT has a limit price, a MARKET has none")
	case isLimit:
		return CheckProtection(o.Side, o.LimitPrice, o.StopLoss, o.TakeProfit)
	}
	return nil
}

func checkBracket(o *prop.SubmitOrder, sizes int) error {
	switch {
	case o.Side != 0:
		return prop.Refuse(prop.InvalidField, "a BRACKET has no side: it closes what is open")
	case sizes > 1:
		return prop.Refuse(prop.InvalidSize, "at most one of leverage, value and quantity")
	case o.LimitPrice != 0 || o.StopLoss == 0 && o.TakeProfit == 0:
		return prop.Refuse(prop.InvalidPrices, "a BRACKET has a stop loss, a take profit or both, and no limit price")
	}
	return nil
}

// CheckProtection refuses a stop loss or take profit on the wrong side of an entry: LONG stop <
// entry < profit, SHORT the other way, strictly. Source: reference/trading.md §7.4.
func CheckProtection(side prop.Side, entry, stop, profit fixed.Price) error {
	low, high := stop, profit
	if side == prop.Short {
		low, high = profit, stop
	}
	if low != 0 && low >= entry || high != 0 && high <= entry {
		return prop.Refuse(prop.InvalidPrices, "for LONG stop loss < "+entry.String()+" < take profit, for SHORT the other way")
	}
	return nil
}

// CheckBracketPrices refuses a bracket whose stop loss and take profit are the wrong way round.
func CheckBracketPrices(long bool, stop, profit fixed.Price) error {
	if stop != 0 && profit != 0 && (long && stop >= profit || !long && stop <= profit) {
		return prop.Refuse(prop.InvalidPrices, "for a long position stop loss < take profit, for a short one the other way")
	}
	return nil
}

// Size is what an order asks for.
type Size struct {
	Side     prop.Side
	Kind     prop.SizeKind
	Leverage fixed.Ratio
	Value    fixed.USD
	Quantity fixed.Qty
}

// SizeOf is the size of a submitted order.
func SizeOf(c *prop.SubmitOrder) Size {
	s := Size{Side: c.Side, Leverage: c.Leverage, Value: c.Value, Quantity: c.Quantity}
	switch {
	case c.Leverage != 0:
		s.Kind = prop.ByLeverage
	case c.Value != 0:
		s.Kind = prop.ByValue
	case c.Quantity != 0:
		s.Kind = prop.ByQuantity
	}
	return s
}

// At turns the size into a quantity at a price, signed by its side and rounded down in amount.
// Leverage is of the starting balance, value is in USD. Source: reference/trading.md §3.3.
func (s Size) At(price fixed.Price, q Quote, account fixed.USD, lot int64) (fixed.Qty, error) {
	outOfRange := prop.Refuse(prop.InvalidSize, "the size is out of range")
	quantity, value := s.Quantity, s.Value
	var err error
	if s.Kind == prop.ByLeverage {
		if value, err = fixed.ScaleDown(account, s.Leverage); err != nil {
			return 0, outOfRange
		}
	}
	if s.Kind != prop.ByQuantity {
		if quantity, err = fixed.QtyOfUSDDown(value, q.Num, q.Den, price, lot); err != nil {
			return 0, outOfRange
		}
	}
	if quantity > MaxQuantity {
		return 0, outOfRange
	}
	if s.Side == prop.Short {
		quantity = -quantity
	}
	return quantity, nil
}

// Next is the position that an order leads to: an opposite one closes at most what is open.
func Next(held, q fixed.Qty) fixed.Qty {
	if Reduces(held, q) && q.Abs() >= held.Abs() {
		return 0
	}
	return held.Add(q)
}

// Reduces tells whether an order of the signed quantity takes from the position.
func Reduces(held, q fixed.Qty) bool { return held != 0 && (held > 0) != (q > 0) }

// Triggered tells whether a resting order meets its price on a quote, by what, at which price, and
// whether it fills there. A LIMIT fills at its price, a take profit too; a stop loss fills at what
// the market shows, which on a gap is worse than the stop. The stop is tested first. Source:
// reference/trading.md §7.2; docs/differences.md.
func Triggered(o *prop.OrderAccepted, bid, ask fixed.Price) (by prop.Trigger, price, fill fixed.Price) {
	switch {
	case o.Type == prop.Limit && o.Side == prop.Long && ask <= o.LimitPrice, o.Type == prop.Limit && o.Side == prop.Short && bid >= o.LimitPrice:
		return prop.AtLimit, o.LimitPrice, o.LimitPrice
	case o.Type != prop.Bracket:
		return 0, 0, 0
	case o.Side == prop.Short && o.StopLoss != 0 && bid < o.StopLoss: // selling closes a long position
		return prop.AtStopLoss, o.StopLoss, bid
	case o.Side == prop.Long && o.StopLoss != 0 && ask > o.StopLoss:
		return prop.AtStopLoss, o.StopLoss, ask
	case o.TakeProfit != 0 && (o.Side == prop.Short && bid > o.TakeProfit || o.Side == prop.Long && ask < o.TakeProfit):
		return prop.AtTakeProfit, o.TakeProfit, o.TakeProfit
	}
	return 0, 0, 0
}
