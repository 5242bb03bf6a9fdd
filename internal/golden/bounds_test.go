package golden_test

import (
	"math/rand/v2"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// TestMinimumAsOrdered orders exactly the minimum leverage at many prices and rates: it is always taken,
// although less is bought than was ordered, for quantities and values have 8 digits.
func TestMinimumAsOrdered(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	pairs := []prop.Pair{
		{ID: "AEUR", Display: "AEUR", Base: "A", Quote: "EUR", Class: "crypto", Lot: 1, MinLeverage: ratio("0.01"), MaxLeverage: ratio("5"), Multiplier: 1, State: prop.Tradable},
		{ID: "EURUSD", Display: "EUR/USD", Base: "EUR", Quote: "USD", Class: "forex", Lot: 1, MaxLeverage: noBound, Multiplier: 1, State: prop.DataOnly},
	}
	refused := 0
	for range 2_000 {
		w := newWorld(t, cryptoMs, pairs, goldenSet(fixed.USD(1_000*usd+r.Int64N(200_000*usd))), "crypto")
		p, rate := fixed.Price(1+r.Int64N(100*fixed.PriceScale)), fixed.Price(1+r.Int64N(2*fixed.PriceScale))
		w.mustPrices(quote("AEUR", p, p), quote("EURUSD", rate, rate))
		if id, err := w.submit(prop.SubmitOrder{Pair: "AEUR", Side: prop.Long, Leverage: ratio("0.01")}); err != nil {
			refused++
			t.Logf("at %s, EUR at %s: %v", p, rate, err)
		} else if w.mustPrices(quote("AEUR", p, p)); w.fate(id).filled == nil {
			t.Errorf("at %s, EUR at %s: %+v", p, rate, w.fate(id))
		}
	}
	if refused != 0 {
		t.Errorf("the minimum itself is refused at %d of 2,000 prices", refused)
	}
}
