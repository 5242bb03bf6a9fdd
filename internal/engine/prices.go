package engine

import (
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/market"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/prop"
)

// observePrices is what happens on a price batch: mark everything, fill what waited for it, freeze
// who breached, promote who reached the target. Breach is decided before pass.
func (t *tx) observePrices(c *prop.ObservePrices) error {
	batch, err := t.checkBatch(c)
	if err != nil || len(c.Quotes) == 0 { // without quotes only time passes
		return err
	}
	t.emit(batch)
	t.fillOrders(batch.Seen)
	var breached, passed []prop.AccountRef
	t.s.EachActive(func(r prop.AccountRef, set prop.RulesRef, phase uint8, size, equity, peak fixed.USD) {
		p := &t.s.Rules(set).Phases[phase]
		switch {
		case rules.DrawdownBreached(p, equity, peak):
			breached = append(breached, r)
		case rules.TargetReached(p, equity, size):
			passed = append(passed, r)
		}
	})
	if len(breached) != 0 {
		t.emit(&prop.AccountsFrozen{Accounts: prop.PackAccounts(breached), Reason: prop.PeakDrawdown, QuotesSeq: t.stamp.Seq})
	}
	for _, r := range passed {
		a := t.s.Account(r)
		t.enterPhase(r, a.Phase+1, &prop.Verdict{
			Rule: "return_target", Value: a.Equity(), Anchor: a.Size, AnchorSeq: a.StartSeq,
			Limit: t.s.Rules(a.Rules).Phases[a.Phase].Target, Op: prop.GE, QuotesSeq: t.stamp.Seq,
		})
	}
	return nil
}

// checkBatch refuses an insane batch whole and reduces a sane one to what changed.
func (t *tx) checkBatch(c *prop.ObservePrices) (*prop.PricesObserved, error) {
	if !t.cmd.Internal() {
		if err := rules.CheckRole(t.s.Genesis(), t.cmd.Signer, prop.FeedRole); err != nil {
			return nil, err
		}
		if len(c.Quotes) == 0 {
			return nil, prop.Refuse(prop.InvalidPrice, "a pushed batch has at least one quote")
		}
	}
	if c.Observed > t.stamp.At+prop.AuthSkewMs {
		return nil, prop.Refuse(prop.InvalidPrice, "the batch is dated "+c.Observed.String()+", after the node's time "+t.stamp.At.String())
	}
	pairs := t.s.Pairs()
	batch := &prop.PricesObserved{Observed: c.Observed, Seen: prop.NewBitmap(len(pairs))}
	for _, q := range c.Quotes {
		ref, ok := t.s.Pair(q.Pair)
		which := prop.KV{Key: "pair", Value: q.Pair}
		if !ok {
			return nil, prop.Refuse(prop.PairUnknown, "the network has no such pair", which)
		}
		if batch.Seen.Has(int(ref)) {
			return nil, prop.Refuse(prop.InvalidPrice, "the pair is quoted twice", which)
		}
		last := t.s.Quote(ref)
		if c.Observed < last.Observed {
			return nil, prop.Refuse(prop.InvalidPrice, "the batch is older than the pair's last, of "+last.Observed.String(), which)
		}
		if err := rules.CheckQuote(q); err != nil {
			return nil, err
		}
		batch.Seen.Set(int(ref))
		if q.Bid != last.Bid || q.Ask != last.Ask {
			batch.Changed = append(batch.Changed, prop.PriceChange{Pair: ref, Bid: q.Bid, Ask: q.Ask})
		}
	}
	t.rates(batch)
	return batch, t.checkCountable(batch)
}

// checkCountable refuses a batch that moves a price or a rate to where what is open could not be counted.
func (t *tx) checkCountable(batch *prop.PricesObserved) error {
	moved := map[prop.PairRef]rules.Quote{} // for look-up
	last := func(p prop.PairRef) rules.Quote {
		if q, twice := moved[p]; twice {
			return q
		}
		q := t.s.Quote(p)
		return rules.Quote{Ask: q.Ask, Num: q.Num, Den: q.Den}
	}
	for _, c := range batch.Changed {
		q := last(c.Pair)
		q.Ask = c.Ask
		moved[c.Pair] = q
	}
	for _, r := range batch.Rates {
		q := last(r.Pair)
		q.Num, q.Den = r.Num, r.Den
		moved[r.Pair] = q
	}
	for p := range t.s.Pairs() {
		if q, is := moved[prop.PairRef(p)]; is {
			quantity, cost := t.s.Largest(prop.PairRef(p))
			if err := rules.CheckCountable(&t.s.Pairs()[p], q, quantity, cost); err != nil {
				return err
			}
		}
	}
	return nil
}

// rates adds the rates to USD that the batch changes, of the pairs that are not quoted in USD.
func (t *tx) rates(batch *prop.PricesObserved) {
	if len(batch.Changed) == 0 {
		return
	}
	pairs := t.s.Pairs()
	fresh := func(id string) (market.Quote, bool) {
		for _, c := range batch.Changed {
			if pairs[c.Pair].ID == id {
				return market.Quote{Bid: c.Bid, Ask: c.Ask}, true
			}
		}
		return t.lastQuote(id)
	}
	for i := range pairs {
		if pairs[i].Quote == "USD" {
			continue
		}
		rate, known := market.QuoteUsd(pairs, &pairs[i], fresh)
		if last := t.s.Quote(prop.PairRef(i)); known && (rate.Num != last.Num || rate.Den != last.Den) {
			batch.Rates = append(batch.Rates, prop.UsdRate{Pair: prop.PairRef(i), Num: rate.Num, Den: rate.Den})
		}
	}
}
