package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// stranger is another firm, whose coldkey can sign.
var (
	stranger = wire.NewRepeatableKey([32]byte{5})
	coldkey  = wire.NewRepeatableKey([32]byte{6})
)

// refuse sends a signed call that must be refused with the code, without a trace.
func (r *rig) refuse(what string, key *wire.Key, path string, body any, code prop.Code) answer {
	r.t.Helper()
	before := r.journal.Head()
	a := r.send(r.call(r.sign(key, path, body)))
	problem(r.t, what, a, code)
	if r.journal.Head() != before {
		r.t.Errorf("%s was journaled", what)
	}
	return a
}

func price(dollars int64) *fixed.Price {
	p := fixed.Price(dollars) * fixed.PriceScale
	return &p
}

// order is a MARKET of 1 × the account; change makes it another.
func order(change func(*api.SubmitOrder)) api.SubmitOrder {
	one := fixed.Ratio(fixed.RatioScale)
	o := api.SubmitOrder{Account: account, Pair: "BTCUSD", Side: "LONG", Leverage: &one}
	if change != nil {
		change(&o)
	}
	return o
}

func limit(dollars int64) func(*api.SubmitOrder) {
	return func(o *api.SubmitOrder) { o.Type, o.LimitPrice = "LIMIT", price(dollars) }
}

func (r *rig) orders() []api.Order {
	r.t.Helper()
	return decode[api.OrderList](r.t, r.get("/v1/accounts/"+account.String()+"/orders")).Orders
}

func (r *rig) account() api.Account {
	r.t.Helper()
	return decode[api.AccountAnswer](r.t, r.get("/v1/accounts/"+account.String())).Account
}

// TestBracketThroughAGap: what protects an order is there once it has filled, rests, and sells at
// the market on the other side of the gap.
func TestBracketThroughAGap(t *testing.T) {
	r := serve(t).run()
	r.found()
	r.prices(1, 100)
	bought := r.post(firm, request.PathOrders, order(func(o *api.SubmitOrder) { o.StopLoss, o.TakeProfit = price(98), price(120) })).ID
	r.prices(1, 100)
	open := r.orders()
	if len(open) != 2 || open[0].Type != "BRACKET" || open[0].Status != "resting" || open[0].Parent == nil || *open[0].Parent != bought ||
		open[0].ID != bought.BracketID() || open[0].Side != "SHORT" || open[0].StopLoss.String() != "98" || open[0].TakeProfit.String() != "120" || open[0].Quantity.String() != "100" {
		t.Fatalf("the bracket is %+v", open)
	}
	if a := r.account(); a.Class != "crypto" || a.Resting != 1 || a.Waiting != 0 || len(a.Positions) != 1 {
		t.Errorf("the account is %+v", a)
	}
	one := decode[api.OrderAnswer](t, r.get("/v1/orders/"+open[0].ID.String()))
	if one.Order.ID != open[0].ID {
		t.Errorf("by its id: %+v", one)
	}
	r.prices(1, 96) // 98 was never seen
	f := r.orders()[0].Fill
	if f == nil || f.Trigger != "stop_loss" || f.Quoted.String() != "96" || f.Price.String() != "96" || f.Realised.String() != "-400" || f.Quantity.String() != "-100" {
		t.Errorf("the stop filled as %+v", f)
	}
	if a := r.account(); a.Resting != 0 || len(a.Positions) != 0 {
		t.Errorf("the account is %+v", a)
	}
}

// TestCancel: who may cancel what, one order or all.
func TestCancel(t *testing.T) {
	r := serve(t).run()
	r.found()
	r.post(stranger, request.PathEntities, api.RegisterEntity{Hotkey: stranger.Public(), Coldkey: coldkey.Public()})
	r.prices(1, 100)
	r.refuse("nothing to cancel", firm, request.PathCancel, api.CancelOrder{Account: account}, prop.OrderNotFound)
	first := r.post(firm, request.PathOrders, order(limit(90))).ID
	r.post(firm, request.PathOrders, order(limit(80)))
	r.post(firm, request.PathOrders, order(limit(70)))
	for what, key := range map[string]*wire.Key{"another firm": stranger, "its coldkey": coldkey, "an operator": risk} {
		r.refuse(what, key, request.PathCancel, api.CancelOrder{Account: account, Order: &first}, prop.NotOwner)
	}
	unknown := prop.NewCommandID(r.Now(), [10]byte{99})
	r.refuse("an order that there is not", firm, request.PathCancel, api.CancelOrder{Account: account, Order: &unknown}, prop.OrderNotFound)
	r.refuse("an account that there is not", firm, request.PathCancel, api.CancelOrder{Account: prop.AccountKey{Entity: firm.Public(), ID: 7}}, prop.AccountNotFound)
	r.post(firm, request.PathCancel, api.CancelOrder{Account: account, Order: &first})
	r.refuse("cancelled already", firm, request.PathCancel, api.CancelOrder{Account: account, Order: &first}, prop.OrderNotFound)
	if a := r.account(); a.Resting != 2 {
		t.Errorf("%d orders rest", a.Resting)
	}
	r.post(firm, request.PathCancel, api.CancelOrder{Account: account})
	for _, o := range r.orders() {
		if o.Status != "cancelled" || o.Reason != "by_owner" {
			t.Errorf("%+v", o)
		}
	}
	bought := r.post(firm, request.PathOrders, order(func(o *api.SubmitOrder) { o.TakeProfit = price(120) })).ID
	r.prices(1, 100)
	bracket := bought.BracketID()
	r.post(firm, request.PathCancel, api.CancelOrder{Account: account, Order: &bracket})
	if a := r.account(); a.Resting != 0 || len(a.Positions) != 1 {
		t.Errorf("without its bracket: %+v", a)
	}
	forged := r.sign(firm, request.PathCancel, api.CancelOrder{Account: account})
	forged.ID = forged.ID.BracketID()
	problem(t, "an id that only brackets have", r.send(r.call(request.Sign(firm, forged))), prop.InvalidID)
}

// TestPairState: only operators with the risk role change it, and it holds at once.
func TestPairState(t *testing.T) {
	r := serve(t).run()
	r.found()
	r.prices(1, 100)
	r.post(firm, request.PathOrders, order(nil))
	r.prices(1, 100)
	halted := api.SetPairState{Pair: "BTCUSD", State: "halted"}
	for what, key := range map[string]*wire.Key{"a firm": firm, "an operator of another role": feeder, "nobody": stranger} {
		r.refuse(what, key, request.PathPairState, halted, prop.NotOwner)
	}
	r.refuse("no such pair", risk, request.PathPairState, api.SetPairState{Pair: "XYZUSD", State: "halted"}, prop.PairUnknown)
	for _, state := range []string{"reduce_only", "data_only", "halted", "retired"} {
		r.post(risk, request.PathPairState, api.SetPairState{Pair: "BTCUSD", State: state})
		if p := decode[api.PriceList](t, r.get("/v1/prices")).Prices[0]; p.State != state {
			t.Errorf("the pair is %s, not %s", p.State, state)
		}
		r.refuse("more in a pair that is "+state, firm, request.PathOrders, order(nil), prop.PairNotTradable)
		r.refuse("a LIMIT in a pair that is "+state, firm, request.PathOrders, order(limit(90)), prop.PairNotTradable)
	}
	half := fixed.Ratio(fixed.RatioScale / 2)
	r.post(firm, request.PathOrders, order(func(o *api.SubmitOrder) { o.Side, o.Leverage = "SHORT", &half })) // one can always get out
	r.prices(1, 100)
	r.post(firm, request.PathOrders, order(func(o *api.SubmitOrder) { o.Side, o.Leverage = "FLAT", nil }))
	r.prices(1, 100)
	if a := r.account(); len(a.Positions) != 0 {
		t.Errorf("it did not get out: %+v", a.Positions)
	}
	r.post(risk, request.PathPairState, api.SetPairState{Pair: "BTCUSD", State: "tradable"})
	r.post(firm, request.PathOrders, order(nil))
}

// TestHaltScopes: who may throw the kill switch for whom.
func TestHaltScopes(t *testing.T) {
	r := serve(t).run()
	r.found()
	r.post(stranger, request.PathEntities, api.RegisterEntity{Hotkey: stranger.Public(), Coldkey: coldkey.Public()})
	r.prices(1, 100)
	firmKey, strangerKey, missing := firm.Public(), stranger.Public(), prop.AccountKey{Entity: firm.Public(), ID: 7}
	everything, own, mine := api.Halt{}, api.Halt{Entity: &firmKey}, api.Halt{Account: &account}
	with := func(h api.Halt, action string) api.Halt {
		h.Action = action
		return h
	}
	for _, c := range []struct {
		what string
		key  *wire.Key
		body api.Halt
		code prop.Code
	}{
		{"a firm for everything", firm, everything, prop.NotOwner},
		{"another firm", stranger, own, prop.NotOwner},
		{"another firm for the account", stranger, mine, prop.NotOwner},
		{"another firm for the account, under its own name", stranger, api.Halt{Entity: &strangerKey, Account: &account}, prop.NotOwner},
		{"an operator of another role", feeder, own, prop.NotOwner},
		{"an operator of another role, for everything", feeder, everything, prop.NotOwner},
		{"an account that there is not", risk, api.Halt{Account: &missing}, prop.AccountNotFound},
		{"an entity that there is not", risk, api.Halt{Entity: &prop.Hotkey{77}}, prop.EntityNotFound},
	} {
		for _, action := range []string{"halt", "resume", "flatten"} {
			r.refuse(c.what+": "+action, c.key, request.PathHalts, with(c.body, action), c.code)
		}
	}
	for what, c := range map[string]struct {
		key  *wire.Key
		body api.Halt
	}{
		"an operator for everything": {risk, everything}, "an operator for the firm": {risk, own}, "an operator for the account": {risk, mine},
		"the firm for itself": {firm, own}, "the firm for its account": {firm, mine},
	} {
		r.post(c.key, request.PathHalts, with(c.body, "halt"))
		if !r.account().Halted {
			t.Errorf("%s: not halted", what)
		}
		r.refuse(what, firm, request.PathOrders, order(nil), prop.TradingHalted)
		r.post(c.key, request.PathHalts, with(c.body, "resume"))
		if r.account().Halted {
			t.Errorf("%s: not resumed", what)
		}
	}
	r.post(coldkey, request.PathHalts, api.Halt{Entity: &strangerKey, Action: "halt"})
	if r.account().Halted {
		t.Error("another firm's halt holds here")
	}
}

// TestFlatten: the kill switch cancels orders and closes positions, at once.
func TestFlatten(t *testing.T) {
	r := serve(t).run()
	r.found()
	r.prices(1, 100)
	r.post(firm, request.PathOrders, order(func(o *api.SubmitOrder) { o.StopLoss = price(50) }))
	r.prices(1, 100)
	r.post(firm, request.PathOrders, order(limit(90)))
	r.post(risk, request.PathHalts, api.Halt{Action: "flatten"})
	if a := r.account(); len(a.Positions) != 0 || a.Resting != 0 || !a.Halted || a.Status != "active" {
		t.Errorf("flattened: %+v", a)
	}
	for _, o := range r.orders() {
		if o.Type != "MARKET" && o.Reason != "kill_switch" {
			t.Errorf("%+v", o)
		}
	}
}

// TestRetryAfter: what will be taken later says when, in a header that any client knows; the same
// call is taken then.
func TestRetryAfter(t *testing.T) {
	g := genesis()
	g.RuleSets[0].CooldownMs = 4_500
	g.RuleSets[0].OrderRate = prop.Rate{Count: 2, WindowMs: 10_000}
	r := serveOn(t, g).run()
	r.found()
	r.prices(1, 100)
	r.post(firm, request.PathOrders, order(limit(50)))
	again := r.sign(firm, request.PathOrders, order(limit(51)))
	wait := func(what string, code prop.Code, ms, seconds string) {
		t.Helper()
		a := r.send(r.call(again))
		problem(t, what, a, code)
		if p := decode[api.Problem](t, a); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") != seconds || p.Context[prop.RetryAfterKey] != ms {
			t.Errorf("%s: %d, Retry-After %q, %v", what, a.StatusCode, a.Header.Get("Retry-After"), p.Context)
		}
	}
	wait("a second order", prop.Cooldown, "4500", "5")
	r.prices(4, 100)
	wait("half a second too early", prop.Cooldown, "500", "1")
	r.prices(1, 100)
	if a := r.send(r.call(again)); a.StatusCode != http.StatusOK {
		t.Fatalf("after the cooldown: %d %s", a.StatusCode, a.body)
	}
	r.prices(5, 100) // ten seconds after the first: the window is longer by a millisecond
	again = r.sign(firm, request.PathOrders, order(limit(52)))
	wait("a third order", prop.OrderRateLimited, "1", "1")
	r.prices(1, 100)
	if a := r.send(r.call(again)); a.StatusCode != http.StatusOK {
		t.Fatalf("after the window: %d %s", a.StatusCode, a.body)
	}
}

// TestDryRun: it tells what would happen, in the figures in which it then does, and nothing changes.
func TestDryRun(t *testing.T) {
	r := serve(t).run()
	r.found()
	r.prices(1, 100)
	try := func(body any) answer {
		t.Helper()
		e := r.sign(firm, request.PathOrders, body)
		req := r.request(http.MethodPost, request.PathOrders+"/dry-run", e.Body)
		req.Header.Set("Authorization", "Bearer "+token)
		return r.send(req)
	}
	before := r.journal.Head()
	bracketed := order(func(o *api.SubmitOrder) { o.StopLoss = price(95) })
	dry := decode[api.DryRun](t, try(bracketed))
	if !dry.Fills || dry.Fill == nil || dry.Fill.Quantity.String() != "100" || dry.Fill.Fee.String() != "10" || dry.Account == nil || dry.Account.Balance.String() != "9990" ||
		len(dry.Account.Positions) != 1 || dry.Account.Resting != 1 || dry.Refused != nil || dry.AsOf.Seq != before.LastSeq {
		t.Errorf("%+v, fill %+v, account %+v", dry, dry.Fill, dry.Account)
	}
	if dry := decode[api.DryRun](t, try(order(limit(90)))); dry.Fills || dry.Fill != nil || dry.Account.Resting != 1 {
		t.Errorf("a LIMIT: %+v", dry)
	}
	six := fixed.Ratio(6 * fixed.RatioScale)
	if dry := decode[api.DryRun](t, try(order(func(o *api.SubmitOrder) { o.Leverage = &six }))); dry.Refused == nil || dry.Refused.Code != int(prop.LeverageBounds) || dry.Fills {
		t.Errorf("beyond its bounds: %+v", dry)
	}
	problem(t, "no order", try([]byte(`{`)), prop.InvalidJSON)
	problem(t, "no account", try(order(func(o *api.SubmitOrder) { o.Account.ID = 7 })), prop.AccountNotFound)
	problem(t, "too long", try(make([]byte, prop.MaxCommandBytes+1)), prop.BodyTooLarge)
	if r.journal.Head() != before || len(r.orders()) != 0 {
		t.Error("a dry run left a trace")
	}
	r.post(firm, request.PathOrders, bracketed)
	r.prices(1, 100)
	if a := r.account(); a.Balance != dry.Account.Balance || a.Equity != dry.Account.Equity || a.Resting != 1 {
		t.Errorf("it came to %+v, tried %+v", a, dry.Account)
	}
}
