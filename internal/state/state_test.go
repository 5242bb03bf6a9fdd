package state

import (
	"slices"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

const usd = fixed.USDScale

// testGenesis has a coin, a pair with lots of ten, and one that is quoted in yen.
func testGenesis() prop.Genesis {
	pair := func(id, quote string, lot int64) prop.Pair {
		return prop.Pair{ID: id, Base: id[:3], Quote: quote, Class: "crypto", Lot: lot, MinLeverage: 1, MaxLeverage: fixed.RatioScale, Multiplier: 1, State: prop.Tradable}
	}
	phase := prop.Phase{Bucket: "challenge", DrawdownLimit: fixed.RatioScale / 10, DrawdownOp: prop.GT, Target: 1, TimeLimitMs: 1_000}
	set := prop.RuleSet{ID: "seed", AccountSize: 10_000 * usd, Lock: 5, MaxAccounts: 9, FillDelayBatches: 1, MaxPriceAgeMs: 9, Phases: []prop.Phase{phase}, MaxResting: 9,
		Classes: []prop.ClassRules{{Class: "crypto", FeeRate: 1}}, Slippage: prop.Slippage{Crypto: prop.CryptoSlippage{Multiplier: 1}}}
	other := set
	other.ID = "other"
	return prop.Genesis{
		Network: "testnet-1", Origin: prop.Hotkey{1}, AuthWindowMs: 60_000, DefaultRules: "seed",
		Operators: []prop.Operator{{Key: prop.Hotkey{2}, Roles: []prop.Role{prop.FeedRole}}},
		Pairs:     []prop.Pair{pair("BTCUSD", "USD", 1), pair("ETHUSD", "USD", 10), pair("EURJPY", "JPY", 100)},
		RuleSets:  []prop.RuleSet{set, other},
	}
}

// writer evolves records of one event or more, a second apart.
type writer struct{ s *State }

func (w writer) record(events ...prop.Event) {
	at := w.s.at + 1_000
	w.s.Begin(prop.Stamp{Seq: w.s.seq + 1, At: at, ID: prop.NewCommandID(at, [10]byte{9: byte(w.s.seq)}), BodyHash: prop.Hash{byte(w.s.seq)}})
	for _, e := range events {
		w.s.Evolve(e)
	}
}

func (w writer) create(entity prop.EntityRef, id uint32) prop.AccountRef {
	r := prop.AccountRef(w.s.Accounts())
	w.record(&prop.SubaccountCreated{Account: r, Entity: entity, ID: id, Size: 10_000 * usd, Lock: 5, Class: "crypto"},
		&prop.EffectRequested{Effect: w.s.NextEffect(), Kind: prop.LockCollateral, Entity: entity, Account: r, Amount: 5})
	return r
}

func (w writer) activate(r prop.AccountRef, deadline prop.Instant) {
	effect := prop.EffectID(r) + 1 // one lock for each account, in order
	w.record(&prop.EffectSubmitted{Effect: effect, TxHash: prop.Hash{byte(effect)}})
	w.record(&prop.EffectCompleted{Effect: effect, OK: true}, &prop.StatusChanged{Account: r, Status: prop.Active},
		&prop.BucketChanged{Account: r, Bucket: "challenge", Deadline: deadline})
}

func (w writer) order(n byte, r prop.AccountRef, p prop.PairRef) prop.CommandID {
	id := prop.CommandID{n}
	w.record(&prop.OrderAccepted{Order: id, Account: r, Pair: p, Side: prop.Long, Type: prop.Market, SizeKind: prop.ByQuantity, Leverage: 1, Value: 2, Quantity: 3, FillAfter: 7,
		CoolUntil: w.s.at + 9_000, AccountRate: prop.Window{Start: w.s.at, Count: int64(n)}, EntityRate: prop.Window{Start: w.s.at, Count: int64(n)}})
	return id
}

// rest accepts an order that needs no fresh window: a LIMIT, or a bracket with a parent.
func (w writer) rest(n byte, typ prop.OrderType, r prop.AccountRef, p prop.PairRef) {
	w.record(&prop.OrderAccepted{Order: prop.CommandID{n}, Account: r, Pair: p, Side: prop.Short, Type: typ, SizeKind: prop.ByQuantity, Quantity: 3, FillAfter: 7,
		LimitPrice: 4, StopLoss: 5, TakeProfit: 6, Parent: prop.CommandID{1}})
}

func (w writer) fill(n byte, r prop.AccountRef, p prop.PairRef, q fixed.Qty, cost fixed.USD) {
	id := w.order(n, r, p)
	w.record(&prop.OrderFilled{Order: id, Account: r, Pair: p, Trade: prop.Trade{Quantity: q, CostDelta: cost}}, &prop.FeeCharged{Account: r, Amount: 1})
}

// richState has at least one of everything: pending, active, frozen, eliminated and failed
// accounts, positions of one account in two pairs and of another in yen, waiting and resting orders,
// open and ended effects, a miner with a size to come, halts.
func richState() *State {
	w := writer{New()}
	w.record(&prop.GenesisSet{Genesis: testGenesis()})
	for i := range prop.EntityRef(2) {
		w.record(&prop.EntityRegistered{Entity: i, Hotkey: prop.Hotkey{10 + byte(i)}, Coldkey: prop.Hotkey{20 + byte(i)}})
		w.record(&prop.CollateralObserved{Entity: i, Deposited: 100})
	}
	for i := range uint32(4) {
		w.create(0, i)
	}
	w.create(1, 0)
	w.create(1, 1)
	for r := range prop.AccountRef(4) {
		w.activate(r, prop.Instant(1_000_000+1_000*(r%2)))
	}
	w.record(&prop.EffectSubmitted{Effect: 5})
	w.record(&prop.EffectCompleted{Effect: 5}, &prop.StatusChanged{Account: 4, Status: prop.Failed})
	w.record(&prop.EntityRegistered{Entity: 2, Hotkey: prop.Hotkey{12}, Coldkey: prop.Hotkey{22}, Miner: true},
		&prop.SubaccountCreated{Account: 6, Entity: 2, ID: prop.MinerID, Class: "crypto"}, &prop.SizeScheduled{Account: 6, Size: 300 * usd, At: 1 << 40})
	quotes := []prop.PriceChange{{Pair: 0, Bid: 100 * fixed.PriceScale, Ask: 102 * fixed.PriceScale}, {Pair: 1, Bid: 9 * fixed.PriceScale, Ask: 9 * fixed.PriceScale},
		{Pair: 2, Bid: 160 * fixed.PriceScale, Ask: 160 * fixed.PriceScale}}
	w.record(&prop.PricesObserved{Observed: 7, Changed: quotes, Seen: prop.Bitmap{7}, Rates: []prop.UsdRate{{Pair: 2, Num: fixed.PriceScale, Den: 150 * fixed.PriceScale}}})
	w.fill(1, 0, 0, 2*fixed.QtyScale, 200*usd)
	w.fill(2, 0, 1, -3*fixed.QtyScale, -280*usd)
	w.fill(3, 1, 0, fixed.QtyScale, 102*usd)
	w.fill(4, 2, 0, -fixed.QtyScale, -90*usd)
	w.fill(5, 3, 2, fixed.QtyScale, 15_700*usd) // 300 yen less than it is worth: 2 USD
	w.order(6, 1, 1)
	w.order(7, 3, 0)
	w.rest(8, prop.Limit, 3, 1)
	w.rest(9, prop.Bracket, 0, 0)
	w.rest(10, prop.Bracket, 0, 1)
	w.record(&prop.PricesObserved{Observed: 8, Changed: quotes[:1], Seen: prop.Bitmap{1}},
		&prop.AccountsFrozen{Accounts: prop.PackAccounts([]prop.AccountRef{1, 2}), Reason: prop.PeakDrawdown, QuotesSeq: w.s.seq + 1})
	w.record(&prop.PositionClosed{Account: 2, Pair: 0, Trade: prop.Trade{Quantity: fixed.QtyScale, CostDelta: 90 * usd, Realised: -12 * usd}}, &prop.AccountEliminated{Account: 2},
		&prop.EffectRequested{Effect: w.s.NextEffect(), Kind: prop.SlashCollateral, Entity: 0, Account: 2, Amount: 5})
	w.record(&prop.EffectSubmitted{Effect: 7, TxHash: prop.Hash{7}})
	w.record(&prop.EffectCompleted{Effect: 7, OK: true})
	w.record(&prop.PairStateChanged{Pair: 1, State: prop.Halted}, &prop.HaltChanged{Scope: prop.OneEntity, Entity: new(prop.EntityRef(1)), Halted: true}, &prop.HaltChanged{Scope: prop.OneAccount, Account: new(prop.AccountRef(3)), Halted: true})
	return w.s
}

func TestRichStateIsSound(t *testing.T) {
	s := richState()
	if err := s.Verify(); err != nil {
		t.Fatal(err)
	}
	want := []prop.Status{prop.Active, prop.Frozen, prop.Eliminated, prop.Active, prop.Failed, prop.Pending, prop.Pending}
	for r, st := range want {
		if got := s.Account(prop.AccountRef(r)).Status; got != st {
			t.Errorf("account %d is %s", r, got)
		}
	}
	a := s.Account(0) // 2 at 101 for 200, −30 at 9 for −280, two fees of a unit
	if a.Unrealised != 12*usd || a.Balance != 10_000*usd-2 || a.Peak != a.Equity() {
		t.Errorf("account 0: %+v", a)
	}
	if a := s.Account(3); a.Unrealised != 2*usd || a.OrderRate.Count != 7 || !a.Halted || s.CoolUntil(3, 2) == 0 || s.CoolUntil(3, 1) != 0 || s.Position(3, 2).Orders != 1 {
		t.Errorf("account 3: %+v", a)
	}
	e := s.Entities()[0]
	if e.Locked != 15 || e.Slashed != 5 || e.Free() != 80 || e.Live != 3 {
		t.Errorf("entity 0: %+v", e)
	}
}

// TestPeak: it rises with the marks of an active account, never falls, and stays as evidence once
// the account is frozen.
func TestPeak(t *testing.T) {
	w := writer{richState()}
	before := []fixed.USD{w.s.Account(0).Peak, w.s.Account(1).Peak}
	for _, price := range []fixed.Price{200 * fixed.PriceScale, 150 * fixed.PriceScale} {
		w.record(&prop.PricesObserved{Observed: 9, Changed: []prop.PriceChange{{Pair: 0, Bid: price, Ask: price}}, Seen: prop.Bitmap{1}})
	}
	if a := w.s.Account(0); a.Peak != before[0]+198*usd || a.PeakSeq != w.s.seq-1 || a.Equity() != before[0]+98*usd {
		t.Errorf("active, 2 from 101 to 200 and back to 150: %+v", a)
	}
	if a := w.s.Account(1); a.Peak != before[1] {
		t.Errorf("frozen: %+v", a)
	}
}

func TestDue(t *testing.T) {
	s := richState() // accounts 0 at 1,000,000, 3 at 1,001,000; 1 and 2 are off the list
	if at, ok := s.NextDeadline(); !ok || at != 1_000_000 {
		t.Errorf("the next deadline is %d", at)
	}
	rows := []struct {
		before prop.Instant
		most   int
		want   int
	}{{1_000_000, 9, 0}, {1_000_001, 9, 1}, {1_001_001, 9, 2}, {1_001_001, 1, 1}}
	for _, r := range rows {
		if got := s.Due(r.before, r.most); len(got) != r.want {
			t.Errorf("before %d, at most %d: %v", r.before, r.most, got)
		}
	}
}

// TestForgedEventsPanic: what cannot have happened stops the reader, it never becomes true.
func TestForgedEventsPanic(t *testing.T) {
	rows := []struct {
		what  string
		event prop.Event
	}{
		{"an entity out of order", &prop.EntityRegistered{Entity: 4}}, {"an account out of order", &prop.SubaccountCreated{Account: 8, ID: 4}},
		{"a number that was given", &prop.SubaccountCreated{Account: 7, ID: 3}}, {"a number left out", &prop.SubaccountCreated{Account: 7, ID: 5}},
		{"a miner's second account", &prop.SubaccountCreated{Account: 7, Entity: 2, ID: prop.MinerID}},
		{"an effect out of order", &prop.EffectRequested{Effect: 9}}, {"an account that is not there", &prop.StatusChanged{Account: 7, Status: prop.Active}},
		{"the eliminated made active", &prop.StatusChanged{Account: 2, Status: prop.Active}}, {"the eliminated frozen", &prop.AccountsFrozen{Accounts: prop.PackAccounts([]prop.AccountRef{2})}},
		{"the failed made active", &prop.StatusChanged{Account: 4, Status: prop.Active}}, {"the active eliminated without being frozen", &prop.AccountEliminated{Account: 0}},
		{"the frozen thawed", &prop.StatusChanged{Account: 1, Status: prop.Active}}, {"the pending frozen", &prop.StatusChanged{Account: 5, Status: prop.Frozen}},
		{"a fill of an order that does not wait", &prop.OrderFilled{Order: prop.CommandID{99}}}, {"the end of an order that is over", &prop.OrderCancelled{Order: prop.CommandID{1}}}, {"no event", nil},
		{"a trade of a pair without a rate", &prop.PositionClosed{Account: 0, Pair: 3}},
	}
	for _, r := range rows {
		w := writer{richState()}
		if !panics(func() { w.record(r.event) }) {
			t.Errorf("%s was taken", r.what)
		}
	}
	for _, st := range []prop.Stamp{{Seq: 1}, {Seq: richState().seq + 2, At: 1 << 40}, {Seq: richState().seq + 1, At: 1}} {
		if !panics(func() { richState().Begin(st) }) {
			t.Errorf("record %d at %d was taken", st.Seq, st.At)
		}
	}
}

// TestVerifyFindsWhatIsPlanted: sums that do not add up, although every index is right.
func TestVerifyFindsWhatIsPlanted(t *testing.T) {
	rows := []struct {
		what  string
		plant func(s *State)
	}{
		{"collateral locked for nobody", func(s *State) { s.entities[0].Locked++ }}, {"collateral slashed for nothing", func(s *State) { s.entities[0].Slashed++ }},
		{"a slot too many", func(s *State) { s.entities[0].Live++ }}, {"a lock of another size", func(s *State) { s.accounts.lock[0]++ }},
		{"a slash of another size", func(s *State) { s.effects[6].Amount++ }}, {"an account's profit made up", func(s *State) { s.accounts.unrealised[0]++ }},
		{"a position's profit made up", func(s *State) { s.books[0].unrealised[0]++ }}, {"a quantity made up", func(s *State) { s.books[0].quantity[0]++ }},
		{"a cost made up", func(s *State) { s.books[0].cost[0]++ }}, {"a position forgotten", func(s *State) { s.accounts.held[0] = s.accounts.held[0][:1] }},
		{"the eliminated hold", func(s *State) { s.accounts.status[0] = prop.Eliminated }}, {"the failed wait", func(s *State) { s.accounts.status[3] = prop.Failed }},
		{"another entity's account", func(s *State) { s.accounts.entity[0] = 1 }}, {"a mark without marking", func(s *State) { s.quotes[0].Mark += fixed.PriceScale }},
		{"an order lost", func(s *State) { s.orders[0] = s.orders[0][1:] }},
		{"an order twice", func(s *State) { s.orders[0] = append(s.orders[0], s.orders[0][0]) }}, {"an order of another pair", func(s *State) { s.orders[0], s.orders[1] = s.orders[1], s.orders[0] }},
		{"a bracket without a position", func(s *State) { s.accounts.orders[0][0].Pair = 2 }}, {"orders out of order", func(s *State) { slices.Reverse(s.orders[1]) }},
		{"an account's order forgotten", func(s *State) { s.accounts.orders[0] = s.accounts.orders[0][1:] }},
		{"a rate without marking", func(s *State) { s.quotes[2].Num += fixed.PriceScale }}, {"the frozen forgotten", func(s *State) { s.frozen = nil }},
		{"a deadline forgotten", func(s *State) { s.deadlines = s.deadlines[1:] }}, {"an effect forgotten", func(s *State) { s.openEffects = nil }},
		{"a command id forgotten", func(s *State) { s.ids.queue = s.ids.queue[1:] }},
	}
	for _, r := range rows {
		s := richState()
		r.plant(s)
		if s.Verify() == nil {
			t.Errorf("%s: not found", r.what)
		}
	}
}

func panics(f func()) (yes bool) {
	defer func() { yes = recover() != nil }()
	f()
	return false
}

// TestIDWindow: an id is known for window + skew after its record, and the table stays bounded.
func TestIDWindow(t *testing.T) {
	w := writer{New()}
	w.record(&prop.GenesisSet{Genesis: testGenesis()}) // a window of 60 s, records a second apart
	const remembered = (60_000+prop.AuthSkewMs)/1_000 + 1
	var ids []prop.CommandID
	for range 1_000 {
		w.record(&prop.RootRecorded{})
		ids = append(ids, w.s.ids.queue[len(w.s.ids.queue)-1].id)
	}
	for i, id := range ids {
		seq, hash, known := w.s.Known(id)
		if known != (i >= len(ids)-remembered) || known && (seq != uint64(i)+2 || hash != prop.Hash{byte(seq - 1)}) {
			t.Errorf("id %d of %d: known %v as record %d", i, len(ids), known, seq)
		}
	}
	if n := len(w.s.ids.queue); n > 2*remembered+1 || len(w.s.ids.byID) != remembered {
		t.Errorf("%d entries and %d in the index for %d ids", n, len(w.s.ids.byID), remembered)
	}
}
