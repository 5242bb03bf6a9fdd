package state

import (
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// TestCarry: of the value at the mark in USD, up, from who holds the pair under the rules.
func TestCarry(t *testing.T) {
	w := writer{richState()}
	w.s.accounts.rules[1] = 1 // holds a coin as account 0 does
	before := make([]fixed.USD, w.s.Accounts())
	for r := range before {
		before[r] = w.s.Account(prop.AccountRef(r)).Balance
	}
	const rate = fixed.RatioScale / 10_000
	w.record(&prop.CarryCharged{Rates: []prop.CarryRate{{Pair: 0, Rate: rate}, {Pair: 1, Rate: 3 * rate}, {Pair: 2, Rate: rate}}})
	want := map[int]fixed.USD{
		0: 2_020_000 + 8_100_000, // 2 coins at 101 are 202 USD; 30 at 9 are 270, thrice
		3: 1_066_667,             // 16,000 yen are 106.66666667 USD
	}
	for r := range before {
		if got := before[r] - w.s.Account(prop.AccountRef(r)).Balance; got != want[r] {
			t.Errorf("account %d pays %s, want %s", r, got, want[r])
		}
	}
	w.record(&prop.CarryCharged{Rates: []prop.CarryRate{{Pair: 0, Rules: 1, Rate: rate}}})
	if got := before[1] - w.s.Account(1).Balance; got != 1_010_000 {
		t.Errorf("under the other rules: %s", got)
	}
	if err := w.s.Verify(); err != nil {
		t.Error(err)
	}
}

// TestRateAloneMarks: a position in yen moves with the yen.
func TestRateAloneMarks(t *testing.T) {
	w := writer{richState()}
	w.record(&prop.PricesObserved{Observed: 9, Seen: prop.Bitmap{0}, Rates: []prop.UsdRate{{Pair: 2, Num: fixed.PriceScale, Den: 50 * fixed.PriceScale}}})
	if a := w.s.Account(3); a.Unrealised != 6*usd || a.Peak != a.Equity() || a.PeakSeq != w.s.seq {
		t.Errorf("300 yen at 50: %+v", a)
	}
	if err := w.s.Verify(); err != nil {
		t.Error(err)
	}
}

// TestCooldown: the later one holds; one that has passed goes with the next order.
func TestCooldown(t *testing.T) {
	w := writer{richState()}
	accept := func(n byte, p prop.PairRef, lasts prop.Instant) {
		id := prop.CommandID{100 + n}
		w.record(&prop.OrderAccepted{Order: id, Account: 5, Pair: p, CoolUntil: w.s.at + lasts})
		w.record(&prop.OrderCancelled{Order: id, Account: 5})
	}
	accept(1, 0, 10_000)
	accept(2, 1, 5_000)
	first, second := w.s.CoolUntil(5, 0), w.s.CoolUntil(5, 1)
	accept(3, 0, 10_000)
	if again := w.s.CoolUntil(5, 0); again != first+4_000 || w.s.CoolUntil(5, 1) != second || len(w.s.accounts.cooldown[5]) != 2 {
		t.Errorf("%v after %d and %d", w.s.accounts.cooldown[5], first, second)
	}
	accept(4, 2, 1_000)
	if w.s.CoolUntil(5, 1) != 0 || len(w.s.accounts.cooldown[5]) != 2 {
		t.Errorf("one has passed: %v", w.s.accounts.cooldown[5])
	}
}

// TestHalts: an account is halted for itself, its entity or everybody, and each is lifted alone.
func TestHalts(t *testing.T) {
	w := writer{richState()} // account 3, and entity 1 with accounts 4 and 5
	want := func(what string, halted ...bool) {
		t.Helper()
		for r, h := range halted {
			if w.s.Account(prop.AccountRef(r)).Halted != h {
				t.Errorf("%s: account %d halted %v", what, r, !h)
			}
		}
	}
	want("at first", false, false, false, true, true, true, false)
	w.record(&prop.HaltChanged{Scope: prop.Everything, Halted: true})
	want("all", true, true, true, true, true, true, true)
	w.record(&prop.HaltChanged{Scope: prop.OneEntity, Entity: new(prop.EntityRef(1))}, &prop.HaltChanged{Scope: prop.OneAccount, Account: new(prop.AccountRef(0)), Halted: true})
	want("all still", true, true, true, true, true, true, true)
	w.record(&prop.HaltChanged{Scope: prop.Everything})
	want("lifted", true, false, false, true, false, false, false)
}

// TestResize: what was won or lost stays; the anchors are the record's that moved them; an account that
// has ended takes no size any more.
func TestResize(t *testing.T) {
	w := writer{richState()}
	w.s.accounts.balance[6], w.s.accounts.peak[6] = 5*usd, 7*usd
	w.record(&prop.AccountSized{Account: 6, Size: 300 * usd})
	if a := w.s.Account(6); a.Size != 300*usd || a.Balance != 305*usd || a.Peak != 307*usd || a.PeakSeq != w.s.seq || a.StartSeq != w.s.seq {
		t.Errorf("%+v in record %d", a, w.s.seq)
	}
	if z, ok := w.s.NextSizing(); ok {
		t.Errorf("%+v is still to come", z)
	}
	sized := w.s.seq
	w.record(&prop.AccountSized{Account: 6, Size: 300 * usd})
	if a := w.s.Account(6); a.Balance != 305*usd || a.PeakSeq != sized || a.StartSeq != sized {
		t.Errorf("the same size moves nothing: %+v", a)
	}
	w.record(&prop.SizeScheduled{Account: 6, Size: 200 * usd, At: 9 << 40}, &prop.SizeScheduled{Account: 5, Size: 1, At: 8 << 40}, &prop.SizeScheduled{Account: 6, Size: 100 * usd, At: 7 << 40})
	if z, _ := w.s.NextSizing(); len(w.s.sizings) != 2 || z != (Sizing{7 << 40, 6, 100 * usd}) {
		t.Errorf("%v", w.s.sizings)
	}
	w.record(&prop.StatusChanged{Account: 6, Status: prop.Active}, &prop.AccountsFrozen{Accounts: prop.PackAccounts([]prop.AccountRef{6})})
	if z, _ := w.s.NextSizing(); len(w.s.sizings) != 1 || z.Account != 5 {
		t.Errorf("an account that has ended: %v", w.s.sizings)
	}
}

// TestOrders: the lists of pair and account are in order of acceptance, whatever ends in between.
func TestOrders(t *testing.T) {
	w := writer{richState()}
	ids := func(list []*Order) (n []byte) {
		for _, o := range list {
			n = append(n, o.Order[0])
		}
		return n
	}
	w.rest(11, prop.Limit, 0, 1)
	w.rest(12, prop.Limit, 3, 1)
	if got := ids(w.s.Orders(1)); string(got) != "\x06\x08\x0a\x0b\x0c" {
		t.Errorf("the pair's: %v", got)
	}
	w.record(&prop.OrderCancelled{Order: prop.CommandID{8}, Account: 3}, &prop.OrderCancelled{Order: prop.CommandID{11}, Account: 0})
	if got := ids(w.s.Orders(1)); string(got) != "\x06\x0a\x0c" {
		t.Errorf("the pair's: %v", got)
	}
	if got := ids(w.s.OrdersOf(3)); string(got) != "\x07\x0c" {
		t.Errorf("the account's: %v", got)
	}
	if _, there := w.s.Order(prop.CommandID{8}); there {
		t.Error("an order that ended is found")
	}
	if o, there := w.s.Order(prop.CommandID{12}); !there || o.Number != w.s.accepted || o.Type != prop.Limit {
		t.Errorf("%+v, %v", o, there)
	}
	if err := w.s.Verify(); err != nil {
		t.Error(err)
	}
}
