package client_test

import (
	"testing"

	"github.com/propnet/propnet/client"
	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// TestOrderVerbs goes through what a client can do with orders, pairs and the kill switch.
func TestOrderVerbs(t *testing.T) {
	s, ctx := serve(t), t.Context()
	must := func(c api.Command, err error) api.Command {
		t.Helper()
		return taken(t, c, err)
	}
	price := func(dollars int64) *fixed.Price {
		p := fixed.Price(dollars) * fixed.PriceScale
		return &p
	}
	prices := func(dollars fixed.Price) {
		t.Helper()
		must(s.client.PushPrices(ctx, feeder, []api.Quote{{Pair: "BTCUSD", Bid: dollars * fixed.PriceScale, Ask: dollars * fixed.PriceScale}}))
	}
	now := func() api.Account {
		t.Helper()
		a, err := s.client.Account(ctx, account)
		if err != nil {
			t.Fatal(err)
		}
		return a.Account
	}
	must(s.client.RegisterEntity(ctx, firm, prop.Hotkey{9}))
	s.own(&prop.ObserveCollateral{Entity: firm.Public(), Deposited: 3 * lock})
	must(s.client.CreateSubaccount(ctx, firm, firm.Public(), "crypto"))
	s.settle()
	prices(100)

	one := fixed.Ratio(fixed.RatioScale)
	limit := api.SubmitOrder{Account: account, Pair: "BTCUSD", Type: "LIMIT", Side: "LONG", Leverage: &one, LimitPrice: price(99), StopLoss: price(90)}
	dry, err := s.client.DryRun(ctx, limit)
	if err != nil || dry.Fills || dry.Refused != nil || dry.Account == nil || dry.Account.Resting != 1 {
		t.Errorf("dry run: %+v, %v", dry, err)
	}
	if _, err := client.New(s.client.Base, "another token").DryRun(ctx, limit); err == nil {
		t.Error("a dry run without the token")
	}
	rested := must(s.client.SubmitOrder(ctx, firm, limit))
	if o, err := s.client.Order(ctx, rested.ID); err != nil || o.Order.Status != "resting" || o.Order.Type != "LIMIT" || o.Order.LimitPrice.String() != "99" || o.Order.StopLoss.String() != "90" {
		t.Errorf("%+v, %v", o.Order, err)
	}
	prices(100)
	prices(98) // through the limit: filled at it, not at the market
	if o, err := s.client.Order(ctx, rested.ID); err != nil || o.Order.Fill == nil || o.Order.Fill.Trigger != "limit" || o.Order.Fill.Price.String() != "99" {
		t.Errorf("%+v, %v", o.Order, err)
	}
	bracket := rested.ID.BracketID()
	if o, err := s.client.Order(ctx, bracket); err != nil || o.Order.Type != "BRACKET" || o.Order.Status != "resting" || *o.Order.Parent != rested.ID {
		t.Errorf("%+v, %v", o.Order, err)
	}
	must(s.client.CancelOrder(ctx, firm, api.CancelOrder{Account: account, Order: &bracket}))
	must(s.client.SubmitOrder(ctx, firm, api.SubmitOrder{Account: account, Pair: "BTCUSD", Type: "BRACKET", TakeProfit: price(120)}))
	if a := now(); a.Resting != 1 {
		t.Errorf("%d orders rest", a.Resting)
	}
	must(s.client.CancelOrder(ctx, firm, api.CancelOrder{Account: account}))
	_, err = s.client.CancelOrder(ctx, firm, api.CancelOrder{Account: account})
	refused(t, "nothing left to cancel", err, prop.OrderNotFound)

	must(s.client.SetPairState(ctx, feeder, api.SetPairState{Pair: "BTCUSD", State: "halted"}))
	_, err = s.client.SubmitOrder(ctx, firm, limit)
	refused(t, "more in a halted pair", err, prop.PairNotTradable)
	_, err = s.client.SetPairState(ctx, firm, api.SetPairState{Pair: "BTCUSD", State: "tradable"})
	refused(t, "resumed by a firm", err, prop.NotOwner)
	must(s.client.SetPairState(ctx, feeder, api.SetPairState{Pair: "BTCUSD", State: "tradable"}))

	own := firm.Public()
	must(s.client.Halt(ctx, firm, api.Halt{Entity: &own, Action: "flatten"}))
	if a := now(); !a.Halted || len(a.Positions) != 0 || a.Resting != 0 {
		t.Errorf("flattened: %+v", a)
	}
	_, err = s.client.SubmitOrder(ctx, firm, limit)
	refused(t, "an order while halted", err, prop.TradingHalted)
	must(s.client.Halt(ctx, firm, api.Halt{Entity: &own, Action: "resume"}))

	for range 4 { // the second to the fifth in the window
		must(s.client.SubmitOrder(ctx, firm, limit))
	}
	before := s.calls.Load()
	_, err = s.client.SubmitOrder(ctx, firm, limit)
	refused(t, "one too many", err, prop.OrderRateLimited)
	if sent := s.calls.Load() - before; sent != 1 {
		t.Errorf("what is limited was sent %d times", sent)
	}
}

// TestMiner: a plain miner has one account, by the name of its key, from the day after its deposit.
func TestMiner(t *testing.T) {
	s, ctx := serve(t), t.Context()
	miner := client.NewRepeatableKey([32]byte{8})
	c, err := s.client.RegisterMiner(ctx, miner, prop.Hotkey{9}, "crypto")
	taken(t, c, err)
	_, err = s.client.RegisterMiner(ctx, miner, prop.Hotkey{9}, "crypto")
	refused(t, "registered again", err, prop.EntityExists)
	_, err = s.client.RegisterMiner(ctx, firm, prop.Hotkey{9}, "art")
	refused(t, "no such class", err, prop.InvalidField)
	_, err = s.client.CreateSubaccount(ctx, miner, miner.Public(), "crypto")
	refused(t, "a second account", err, prop.EntityNotFound)
	own := prop.AccountKey{Entity: miner.Public(), ID: prop.MinerID}
	s.own(&prop.ObserveCollateral{Entity: miner.Public(), Deposited: 20 * fixed.ThetaScale})
	if a, err := s.client.Account(ctx, own); err != nil || a.Account.Status != "pending" || own.String() != miner.Public().String() {
		t.Errorf("before its day: %+v, %v", a.Account, err)
	}
	s.own(&prop.ObservePrices{Observed: epoch + 24*3_600_000, Quotes: []prop.Quote{{Pair: "BTCUSD", Bid: 100 * fixed.PriceScale, Ask: 100 * fixed.PriceScale}}})
	if a, err := s.client.Account(ctx, own); err != nil || a.Account.Status != "active" || a.Account.Balance.String() != "10000" {
		t.Errorf("on its day: %+v, %v", a.Account, err)
	}
}
