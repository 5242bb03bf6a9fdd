package market

import (
	"errors"
	"fmt"

	"github.com/propnet/propnet/fixed"
)

// State is what may be done with a pair.
type State uint8

const (
	Tradable   State = iota + 1
	ReduceOnly       // open positions may be reduced and closed
	DataOnly         // priced, for conversions; never traded
	Halted           // not traded for the time being
	Retired          // neither traded nor priced any more
)

var stateNames = [...]string{Tradable: "tradable", ReduceOnly: "reduce_only", DataOnly: "data_only", Halted: "halted", Retired: "retired"}

func (s State) String() string {
	if s == 0 || int(s) >= len(stateNames) {
		return fmt.Sprintf("unknown(%d)", uint8(s))
	}
	return stateNames[s]
}

func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String prints.
func (s *State) UnmarshalText(b []byte) error {
	for i := Tradable; int(i) < len(stateNames); i++ {
		if stateNames[i] == string(b) {
			*s = i
			return nil
		}
	}
	return errors.New("a pair's state is tradable, reduce_only, data_only, halted or retired")
}

// Spec is an instrument of the public network.
type Spec struct {
	ID          string // BTCUSD
	Display     string // BTC/USD; the ticker itself for shares and indices
	Class       string
	Subcategory string // empty for shares, indices and metals
	Base, Quote string
	Lot         int64       // units of the base per 1.0 of quantity
	MinLeverage fixed.Ratio // bounds of a position
	MaxLeverage fixed.Ratio
	Multiplier  int64       // of its leverage, in the sum over an account's positions
	LegacyFee   fixed.Ratio // a figure that old clients are shown; no fee is computed with it
	State       State
}

// Pairs are the 51 pairs of the public network as of December 2025, in its order. A pair that it
// blocks is reduce_only, so that a position in it can still be closed (B16); one that it has no
// prices for but values its emissions by is data_only; one that is both blocked and without prices
// is retired. Source: reference/trading.md §1.
func Pairs() []Spec {
	return []Spec{
		coin("BTC", "crypto_majors", Tradable),
		coin("ETH", "crypto_majors", Tradable),
		coin("SOL", "crypto_alts", Tradable),
		coin("XRP", "crypto_alts", Tradable),
		coin("DOGE", "crypto_alts", Tradable),
		coin("ADA", "crypto_alts", Tradable),
		coin("TAO", "crypto_alts", DataOnly),
		forex("AUD", "CAD", "forex_group5", Tradable),
		forex("AUD", "CHF", "forex_group5", Tradable),
		forex("AUD", "USD", "forex_group1", Tradable),
		forex("AUD", "JPY", "forex_group2", ReduceOnly),
		forex("AUD", "NZD", "forex_group5", Tradable),
		forex("CAD", "CHF", "forex_group5", Tradable),
		forex("CAD", "JPY", "forex_group2", ReduceOnly),
		forex("CHF", "JPY", "forex_group2", ReduceOnly),
		forex("EUR", "AUD", "forex_group3", Tradable),
		forex("EUR", "CAD", "forex_group3", Tradable),
		forex("EUR", "USD", "forex_group1", Tradable),
		forex("EUR", "CHF", "forex_group3", Tradable),
		forex("EUR", "GBP", "forex_group3", Tradable),
		forex("EUR", "JPY", "forex_group2", ReduceOnly),
		forex("EUR", "NZD", "forex_group3", Tradable),
		forex("NZD", "CAD", "forex_group5", Tradable),
		forex("NZD", "CHF", "forex_group5", Tradable),
		forex("NZD", "JPY", "forex_group2", ReduceOnly),
		forex("NZD", "USD", "forex_group1", Tradable),
		forex("GBP", "AUD", "forex_group4", Tradable),
		forex("GBP", "CAD", "forex_group4", Tradable),
		forex("GBP", "CHF", "forex_group4", Tradable),
		forex("GBP", "JPY", "forex_group2", ReduceOnly),
		forex("GBP", "NZD", "forex_group4", Tradable),
		forex("GBP", "USD", "forex_group1", Tradable),
		forex("USD", "CAD", "forex_group1", Tradable),
		forex("USD", "CHF", "forex_group1", Tradable),
		forex("USD", "JPY", "forex_group2", ReduceOnly),
		forex("USD", "MXN", "forex_group5", ReduceOnly),
		forex("XAU", "USD", "", ReduceOnly),
		forex("XAG", "USD", "", ReduceOnly),
		share("NVDA", ReduceOnly),
		share("AAPL", ReduceOnly),
		share("TSLA", ReduceOnly),
		share("AMZN", ReduceOnly),
		share("MSFT", ReduceOnly),
		share("GOOG", ReduceOnly),
		share("META", ReduceOnly),
		index("SPX", Retired),
		index("DJI", Retired),
		index("NDX", Retired),
		index("VIX", Retired),
		index("FTSE", Retired),
		index("GDAXI", Retired),
	}
}

const (
	hundredth = fixed.RatioScale / 100
	tenth     = fixed.RatioScale / 10
	micro     = fixed.RatioScale / 1_000_000
)

func coin(base, sub string, s State) Spec {
	return Spec{base + usd, base + "/" + usd, Crypto, sub, base, usd, 1, hundredth, 5 * tenth, 10, 1_000 * micro, s}
}

// forex has the metals too: their lot is the 100,000 of a currency, as on the public network.
func forex(base, quote, sub string, s State) Spec {
	return Spec{base + quote, base + "/" + quote, Forex, sub, base, quote, 100_000, tenth, 50 * tenth, 1, 70 * micro, s}
}

func share(ticker string, s State) Spec {
	return Spec{ticker, ticker, Equities, "", ticker, usd, 1, tenth, 30 * tenth, 2, 90 * micro, s}
}

func index(ticker string, s State) Spec {
	return Spec{ticker, ticker, Indices, "", ticker, usd, 1, tenth, 50 * tenth, 1, 90 * micro, s}
}
