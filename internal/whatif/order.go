package whatif

import (
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/prop"
)

// Result of an order on a copy. Trade is the zero Trade where the order would rest.
type Result struct {
	Fills     bool // at once, on the quotes as they are
	Trade     prop.Trade
	NotTraded fixed.Qty
	Fee       fixed.USD
	Cancelled prop.Reason // why it would end instead; 0 = it would not
}

// Order submits an order on a copy that holds its account, and shows it the pair's last quote again
// as the next price batches. The copy is as it would be afterwards. A refusal is a *prop.Error.
func Order(copied *state.State, at prop.Instant, o *prop.SubmitOrder) (Result, error) {
	var r Result
	at = max(at, copied.At())
	out, err := engine.Apply(copied, at, prop.Signed{Command: o, Signer: o.Account.Entity})
	if err != nil {
		return r, err
	}
	accepted := out.Events[0].(*prop.OrderAccepted)
	q := copied.Quote(accepted.Pair)
	for copied.Quote(accepted.Pair).Batches < accepted.FillAfter {
		batch := &prop.ObservePrices{Observed: max(at, q.Observed), Quotes: []prop.Quote{{Pair: o.Pair, Bid: q.Bid, Ask: q.Ask}}}
		if out, err = engine.Apply(copied, at, prop.Signed{Command: batch}); err != nil {
			return r, err
		}
		r.take(accepted.Order, out.Events)
	}
	return r, nil
}

func (r *Result) take(order prop.CommandID, events []prop.Event) {
	for i, e := range events {
		switch e := e.(type) {
		case *prop.OrderFilled:
			if e.Order != order {
				continue
			}
			r.Fills, r.Trade, r.NotTraded = true, e.Trade, e.NotTraded
			if i+1 < len(events) {
				if fee, ok := events[i+1].(*prop.FeeCharged); ok { // a fee follows its fill
					r.Fee = fee.Amount
				}
			}
		case *prop.OrderCancelled:
			if e.Order == order {
				r.Cancelled = e.Reason
			}
		}
	}
}
