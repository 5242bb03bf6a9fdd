package main

import "testing"

// testdata/orders.jsonl is the evening of a Wednesday, in summer time of New York: two accounts of
// 10,000, E_0 for crypto (fee 0.1 %, carry 0.01 %) and E_1 for forex (no fee, carry 0.008 %), out at
// a drawdown of 20 % or after 71 minutes. Trades of more than 1,000 USD slip: BTCUSD by 3 × 0.000002
// (bought, up to 10,000), 0.00004 (above), 0.000001 and 0.00003 (sold), forex by 0.0002 and from
// 17:00 to 17:59 in New York by 0.0005. Commands and prices were made up; the figures below were
// worked without the node.
//
//	seq 10  USDCAD 1.36/1.3602: a CAD is 1/1.3601 USD
//	seq 13  E_0 buys for 2 × 10,000 at 100.2: 199.6007984, worth 19,999.99999968, so 3 × 0.00004
//	        100.2 × 1.00012 = 100.212024, × 199.6007984 = 20,002.39999968, fee 20.0024
//	        E_1 buys for 30,000 USD = 40,803 CAD at 1.5002: 0.27198373 lots; it is 15:59 in New York
//	        1.5002 × 1.0002 = 1.50050004, × 27,198.373 = 40,811.15977443 CAD = 30,005.99939301 USD
//	seq 14  20:00 UTC: 199.6007984 × mark 100.15 = 19,990.01995976, carry 1.999001995976 → 1.999002
//	seq 18  the limit at 98 is met by an ask of 97.9: 5,000 / 98 = 51.02040816, at 98 and not slipped
//	        4,999.99999968, fee 5; USDCAD is 1.37
//	seq 21  a gap from 97.8 to 93 over the stop at 95, in a pair that is halted: it sells at 93, worth
//	        18,562.8742512, so 3 × 0.00003: 93 × 0.99991 = 92.99163, × 199.6007984 = 18,561.20359252
//	        cost 25,002.39999936 × 199.6007984 / 250.62120656 = 19,912.51686275, gain −1,351.31327023
//	        fee 18.56120359252 → 18.5612036
//	seq 23  21:00 UTC of a Wednesday: 3 units; 27,198.373 × 1.5001 = 40,800.2793373 CAD
//	        = 29,781.22579365 USD, × 0.00024 = 7.1474941904… → 7.1474942
//	seq 25  17:05 in New York: 1.49 × 0.9995 = 1.489255, × 27,198.373 = 40,505.31298212 CAD,
//	        gain −305.84679231 CAD / 1.37 = −223.2458338 USD; the bracket ends with its position
//	seq 26  flattened: 51.02040816 worth 4,744.89795888, so 3 × 0.000001: 92.999721, 4,744.88372419,
//	        gain −344.99941242, fee 4.74488372419 → 4.74488373
//	seq 29  E_0: 10,000 − 1,351.31327023 − 344.99941242 − fees 48.30848733 − carry 1.999002
//	        = 8,253.37982802; E_1: 10,000 − 223.2458338 − carry 7.1474942 = 9,769.606672
const ordersFile = "testdata/orders.jsonl"

func TestOrders(t *testing.T) {
	want := `{"records":29,"prices":6,"orders":5,"triggers":2,"fills":5,"cancels":2,"carries":2,"accounts":2,"passes":0,"eliminations":2,"mismatches":0}` + "\n"
	if out, errOut, code := check(journal(t, ordersFile)); out != want || errOut != "" || code != 0 {
		t.Errorf("got exit %d and %s%s", code, out, errOut)
	}
}

// Ids in the journal: the market orders and their brackets, and the limits.
const (
	market0, bracket0 = `00000000-0000-7000-8000-000000000004`, `00000000-0000-8000-8000-000000000004`
	limit0, limit1    = `00000000-0000-7000-8000-000000000007`, `00000000-0000-7000-8000-000000000008`
)

var plantedOrders = []mutation{
	{name: "slippage off by one unit", swaps: []swap{{13, `"slippage":"0.00012"`, `"slippage":"0.000120001"`}},
		want: `seq 13: events[1] order_filled trade slippage: recorded "0.000120001", recomputed "0.00012"`},
	{name: "no slippage", swaps: []swap{{13, `"slippage":"0.00012",`, ``}}, want: `seq 13: events[1] order_filled trade slippage: recorded null, recomputed "0.00012"`},
	{name: "a price that is one unit better", swaps: []swap{{13, `"price":"100.212024"`, `"price":"100.2120239999"`}},
		want: `seq 13: events[1] order_filled trade price: recorded "100.2120239999", recomputed "100.212024"`},
	{name: "slippage of the other side", swaps: []swap{{21, `"0.00009"`, `"0.00012"`}}, want: `seq 21: events[2] order_filled trade slippage: recorded "0.00012", recomputed "0.00009"`},
	{name: "slippage of the step above", swaps: []swap{{26, `"slippage":"0.000003"`, `"slippage":"0.00009"`}}, want: `seq 26: events[1] position_closed trade slippage`},
	{name: "slippage of another hour", swaps: []swap{{25, `"slippage":"0.0005"`, `"slippage":"0.0002"`}},
		want: `seq 25: events[1] order_filled trade slippage: recorded "0.0002", recomputed "0.0005"`},
	{name: "a limit that slipped", swaps: []swap{{18, `"quoted":"98",`, `"quoted":"98","slippage":"0.000006",`}},
		want: `seq 18: events[2] order_filled trade slippage: recorded "0.000006", recomputed nothing`},
	{name: "a limit filled at the market", swaps: []swap{{18, `"quoted":"98"`, `"quoted":"97.9"`}}, want: `seq 18: events[2] order_filled trade quoted: recorded "97.9", recomputed "98"`},
	{name: "a limit filled before its price", swaps: []swap{{17, `"bid":"98.5","ask":"98.6"`, `"bid":"97.9","ask":"98"`}},
		want: `seq 17: missing: order_triggered account E_0 order ` + limit0},
	{name: "a stop filled at the stop on a gap", swaps: []swap{{21, `"quoted":"93"`, `"quoted":"95"`}}, want: `seq 21: events[2] order_filled trade quoted: recorded "95", recomputed "93"`},
	{name: "a stop at another price", swaps: []swap{{21, `"trigger":"stop_loss","price":"95"`, `"trigger":"stop_loss","price":"94"`}}, want: `seq 21: events[1] order_triggered price`},
	{name: "no bracket", swaps: []swap{{13, `"parent":"` + market0 + `",`, ``}}, want: `seq 13: events[3] order_accepted parent: recorded null`},
	{name: "a bracket of another quantity", swaps: []swap{{13, `"size_kind":"quantity","quantity":"199.6007984"`, `"size_kind":"quantity","quantity":"199.6007983"`}},
		want: `seq 13: events[3] order_accepted quantity`},
	{name: "a bracket that outlives its position", swaps: []swap{{25, `,{"event":"order_cancelled","order":"00000000-0000-8000-8000-000000000005","account":"E_1","reason":"position_gone"}`, ``}},
		want: `seq 25: missing: order_cancelled account E_1 order 00000000-0000-8000-8000-000000000005`},

	{name: "missing carry", drop: []int{14}, want: `seq 14: missing carry of 2026-03-11T20:00:00.000Z in [BTCUSD]: recorded submit_order, recomputed a tick`},
	{name: "missing carry of forex", drop: []int{23}, want: `seq 23: missing carry of 2026-03-11T21:00:00.000Z in [EURCAD]: recorded submit_order, recomputed a tick`},
	{name: "carry at the wrong time", swaps: []swap{{14, `"at":"2026-03-11T20:00:00.000Z"`, `"at":"2026-03-11T20:00:00.001Z"`}},
		want: `seq 14: time of carry: recorded 2026-03-11T20:00:00.001Z, recomputed 2026-03-11T20:00:00.000Z`},
	{name: "carry before its boundary", swaps: []swap{{14, `"at":"2026-03-11T20:00:00.000Z"`, `"at":"2026-03-11T19:59:59.999Z"`}}, want: `seq 14: tick is recorded although nothing follows from it`},
	{name: "one unit on a Wednesday", swaps: []swap{{23, `"units":3,"rate":"0.00024"`, `"units":1,"rate":"0.00008"`}},
		want: `seq 23: events[0] carry_charged rates[0] rate: recorded "0.00008", recomputed "0.00024"`},
	{name: "carry in no figure", swaps: []swap{{29, `"balance":"9769.606672"`, `"balance":"9776.7541662"`}}, want: `seq 29: events[2] account_eliminated balance: recorded "9776.7541662"`},
	{name: "carry rounded down", swaps: []swap{{29, `"8253.37982802"`, `"8253.37982803"`}}, want: `seq 29: events[0] account_eliminated balance: recorded "8253.37982803"`},

	{name: "an old rate to USD", swaps: []swap{{25, `"rate_den":"1.37"`, `"rate_den":"1.3601"`}}, want: `seq 25: events[1] order_filled trade rate_den: recorded "1.3601", recomputed "1.37"`},
	{name: "no rate", swaps: []swap{{18, `,"rates":[{"pair":"EURCAD","num":"1","den":"1.37"},{"pair":"USDCAD","num":"1","den":"1.37"}]`, ``}},
		want: `seq 18: events[0] prices_observed rates: recorded null`},
	{name: "a gain that was not converted", swaps: []swap{{25, `"realised":"-223.2458338"`, `"realised":"-305.84679231"`}}, want: `seq 25: events[1] order_filled trade realised`},

	{name: "a cooldown that is shorter", swaps: []swap{{15, `"cool_until":"2026-03-11T20:00:15.000Z"`, `"cool_until":"2026-03-11T20:00:14.999Z"`}}, want: `seq 15: events[0] order_accepted cool_until`},
	{name: "two orders within the cooldown", swaps: []swap{{16, `"args":{"account":"E_1","pair":"EURCAD","side":"SHORT","quantity":"0.1"`, `"args":{"account":"E_0","pair":"BTCUSD","side":"LONG","quantity":"10"`},
		{16, `"limit_price":"1.51"},`, `"limit_price":"98"},`}}, want: `seq 16: submit_order cannot have been accepted: the cooldown in BTCUSD lasts until 2026-03-11T20:00:15.000Z`},
	{name: "a rate that did not count", swaps: []swap{{16, `"count":4`, `"count":3`}}, want: `seq 16: events[0] order_accepted entity_rate count: recorded 3, recomputed 4`},
	{name: "more orders than the rate has", swaps: []swap{{1, `"order_rate":{"count":10`, `"order_rate":{"count":1`}}, want: `seq 15: submit_order cannot have been accepted: the rate is used up: 1 since`},
	{name: "more orders of an entity", swaps: []swap{{1, `"entity_order_rate":{"count":100`, `"entity_order_rate":{"count":3`}}, want: `seq 16: submit_order cannot have been accepted: the rate is used up: 2 since`},
	{name: "more orders than may rest", swaps: []swap{{1, `"max_resting":5`, `"max_resting":1`}}, want: `seq 15: submit_order cannot have been accepted: 1 orders wait or rest`},
	{name: "more orders than a position has", swaps: []swap{{1, `"max_orders":100`, `"max_orders":1`}}, want: `seq 15: submit_order cannot have been accepted: the position has 1 orders`},
	{name: "beyond the portfolio's cap", swaps: []swap{{1, `"portfolio_cap":"20"`, `"portfolio_cap":"4.5"`}}, want: `seq 15: submit_order cannot have been accepted: the account's positions are worth 49`},
	{name: "beyond the pair's bound", swaps: []swap{{1, `"max_leverage":"5"`, `"max_leverage":"2.2"`}}, want: `seq 15: submit_order cannot have been accepted: a position of 250.62120656 at 98 is out of its bounds`},
	{name: "a stop on the wrong side", swaps: []swap{{11, `"stop_loss":"95","take_profit":"110"}`, `"stop_loss":"100.05","take_profit":"110"}`}},
		want: `seq 11: submit_order cannot have been accepted: the mark 100.05 is not between stop 100.05`},
	{name: "another class", swaps: []swap{{12, `"args":{"account":"E_1"`, `"args":{"account":"E_0"`}}, want: `seq 12: submit_order cannot have been accepted: E_0 is active and trades crypto`},
	{name: "a class that the rules don't know", swaps: []swap{{4, `"class":"crypto"}`, `"class":"art"}`}}, want: `seq 4: create_subaccount cannot have been accepted: the rules have no class "art"`},

	{name: "a cancel by somebody else", swaps: []swap{{19, `"signer":"E"`, `"signer":"R"`}}, want: `seq 19: cancel_order cannot have been accepted: R may not sign for it`},
	{name: "a cancel of nothing", swaps: []swap{{19, limit1 + `"},`, bracket0 + `"},`}}, want: `seq 19: cancel_order cannot have been accepted: no such order`},
	{name: "a pair halted by a firm", swaps: []swap{{20, `"signer":"R"`, `"signer":"E"`}}, want: `seq 20: set_pair_state cannot have been accepted: E is no operator of the role risk`},
	{name: "prices pushed by a firm", swaps: []swap{{13, `"signer":"R"`, `"signer":"E"`}}, want: `seq 13: observe_prices cannot have been accepted: E is no operator of the role feed`},
	{name: "a stranger at the kill switch", swaps: []swap{{27, `"signer":"E"`, `"signer":"X"`}}, want: `seq 27: halt cannot have been accepted: X is no operator of the role risk`},
	{name: "flattened at another price", swaps: []swap{{26, `"quoted":"93"`, `"quoted":"97.8"`}}, want: `seq 26: events[1] position_closed trade quoted`},
	{name: "not flattened", swaps: []swap{{26, `"flatten":true`, `"flatten":false`}}, want: `seq 26: too much: position_closed account E_0`},

	{name: "an order while it is halted", drop: []int{28, 29}, want: `seq 28: submit_order cannot have been accepted: E_0 is halted`,
		add: late("2026-03-11T21:08:00.000Z", "E_0", "BTCUSD")},
	{name: "an order in a closed market", drop: []int{28, 29}, want: `seq 28: submit_order cannot have been accepted: EURCAD is closed at 2026-03-14T12:00:00.000Z`,
		swaps: append(timeless, swap{1, `"max_price_age_ms":7200000`, `"max_price_age_ms":7200000000`}), add: late("2026-03-14T12:00:00.000Z", "E_1", "EURCAD")},
	{name: "an order on an old price", drop: []int{28, 29}, want: `seq 28: submit_order cannot have been accepted: the last price of EURCAD is of 2026-03-11T21:05:10.000Z`,
		swaps: timeless, add: late("2026-03-11T23:05:10.001Z", "E_1", "EURCAD")},
	{name: "an order on an old rate", drop: []int{28, 29}, want: `seq 28: submit_order cannot have been accepted: the last price of EURCAD is of 2026-03-11T21:05:10.000Z`,
		swaps: timeless, add: late("2026-03-11T22:01:00.001Z", "E_1", "EURCAD")},
	{name: "an order in a pair that is only reduced", want: `seq 11: submit_order cannot have been accepted: BTCUSD is reduce_only`,
		swaps: []swap{{1, `"multiplier":2,"state":"tradable"`, `"multiplier":2,"state":"reduce_only"`}}},
}

// timeless takes the deadline out of the journal.
var timeless = []swap{
	{1, `,"time_limit_ms":4260000`, ``}, {6, `,"deadline":"2026-03-11T21:10:00.000Z"`, ``}, {9, `,"deadline":"2026-03-11T21:10:00.000Z"`, ``},
}

// late is an order in place of what the deadline did.
func late(at, account, pair string) string {
	return `{"seq":28,"at":"` + at + `","command":"submit_order","args":{"account":"` + account + `","pair":"` + pair +
		`","type":"MARKET","side":"LONG","leverage":"1"},"id":"00000000-0000-7000-8000-000000000099","signer":"E","events":[{"event":"order_accepted"}]}`
}

func TestPlantedOrders(t *testing.T) {
	for _, p := range plantedOrders {
		t.Run(p.name, func(t *testing.T) { p.check(t, ordersFile) })
	}
}
