package engine_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/prop"
)

// verbs are what a transcript can say; each has its form in front.
var verbs = map[string]func(*world, line){
	// at 2026-01-01T00:00:00Z | at +90m
	"at": func(w *world, l line) {
		if d, found := strings.CutPrefix(l.arg(0), "+"); found {
			step, err := time.ParseDuration(d)
			l.must(err)
			w.at += prop.Instant(step.Milliseconds())
		} else {
			at, err := time.Parse(time.RFC3339, l.arg(0))
			l.must(err)
			w.at = prop.Instant(at.UnixMilli())
		}
		if w.s.Seq() != 0 {
			w.ticks()
		}
	},
	// genesis [size=10000 lock=1000 max=500 fee=0.001 delay=1 age=60s window=300s op=ge target=0.03 days=90 leverage=5 least=0
	//   carry=0.0001 slip=on cap=10 weight=1 orders=100 resting=100 cooldown=10s rate=10 firms-rate=20 drawdown=0.06 miners=off]
	"genesis": func(w *world, l line) { w.apply(prop.Signed{Command: &prop.Start{Genesis: l.genesis()}}) },
	// register E [coldkey=E-cold]
	"register": func(w *world, l line) {
		cold := l.opt("coldkey")
		if cold == "" {
			cold = l.arg(0) + "-cold"
		}
		w.apply(w.sign(l, &prop.RegisterEntity{Hotkey: key(l.arg(0)), Coldkey: key(cold)}, l.arg(0)))
	},
	// crowd 9999: registers as many entities unseen
	"crowd": func(w *world, l line) {
		for i := range l.number(l.arg(0)) {
			name := fmt.Sprint("crowd", i)
			cmd := signed(w.t, &prop.RegisterEntity{Hotkey: key(name)}, key(name), prop.NewCommandID(w.at, [10]byte{0: 1, 8: byte(i >> 8), 9: byte(i)}))
			_, err := engine.Apply(w.s, w.at, cmd)
			l.must(err)
		}
	},
	// deposit E 5000
	"deposit": func(w *world, l line) {
		w.apply(prop.Signed{Command: &prop.ObserveCollateral{Entity: key(l.arg(0)), Deposited: l.theta(l.arg(1))}})
	},
	// create E [forex]
	"create": func(w *world, l line) {
		w.apply(w.sign(l, &prop.CreateSubaccount{Entity: key(l.arg(0)), Class: l.class()}, l.arg(0)))
	},
	// miner M [forex]
	"miner": func(w *world, l line) {
		w.apply(w.sign(l, &prop.RegisterMiner{Hotkey: key(l.arg(0)), Coldkey: key(l.arg(0) + "-cold"), Class: l.class()}, l.arg(0)))
	},
	// submitted 1
	"submitted": func(w *world, l line) {
		n := l.number(l.arg(0))
		w.apply(prop.Signed{Command: &prop.RecordSubmission{Effect: prop.EffectID(n), TxHash: prop.Hash{byte(n)}}})
	},
	// complete 1 ok|failed [detail=no_gas | detail=long | detail=rubbish]
	"complete": func(w *world, l line) {
		detail := strings.ReplaceAll(l.opt("detail"), "_", " ")
		switch detail {
		case "long":
			detail = strings.Repeat("é", prop.MaxDetailBytes) // two bytes each, the limit is in between
			detail = "x" + detail
		case "rubbish":
			detail = "\xff"
		}
		w.apply(prop.Signed{Command: &prop.CompleteEffect{Effect: prop.EffectID(l.number(l.arg(0))), OK: l.arg(1) == "ok", Detail: detail}})
	},
	// ready E_0 [forex]: registers, deposits and creates, unseen, until the account is active
	"ready": func(w *world, l line) { w.ready(l, l.account(l.arg(0))) },
	// prices BTCUSD=60000 ETHUSD=2990/3010 [age=3s] [by=O]
	"prices": func(w *world, l line) {
		cmd := &prop.ObservePrices{Observed: w.at - l.duration("age")}
		for _, o := range l.opts {
			if o[0] == strings.ToUpper(o[0]) {
				bid, ask, two := strings.Cut(o[1], "/")
				if !two {
					ask = bid
				}
				cmd.Quotes = append(cmd.Quotes, prop.Quote{Pair: o[0], Bid: l.price(bid), Ask: l.price(ask)})
			}
		}
		if l.opt("by") == "" {
			w.apply(prop.Signed{Command: cmd})
			return
		}
		w.apply(w.sign(l, cmd, "O"))
	},
	// order E_0 BTCUSD long|short|flat|none [leverage=0.2] [value=1000] [quantity=0.5] [limit=59000] [stop=58000] [profit=62000] [type=none]
	"order": func(w *world, l line) {
		cmd := &prop.SubmitOrder{Type: prop.Market}
		_ = cmd.Side.UnmarshalText([]byte(strings.ToUpper(l.arg(2)))) // none stays 0
		if l.opt("limit") != "" {
			cmd.Type = prop.Limit
		}
		if l.opt("type") == "none" {
			cmd.Type = 0
		}
		w.order(l, cmd)
	},
	// bracket E_0 BTCUSD [stop=58000] [profit=62000] [quantity=0.5 …]
	"bracket": func(w *world, l line) { w.order(l, &prop.SubmitOrder{Type: prop.Bracket}) },
	// cancel E_0 3|NAME|all: an order by its command's id
	"cancel": func(w *world, l line) {
		cmd := &prop.CancelOrder{Account: l.account(l.arg(0))}
		name, bracket := strings.CutSuffix(l.arg(1), "b")
		if id, known := w.ids[name]; known {
			cmd.Order = id
			if bracket {
				cmd.Order = id.BracketID()
			}
		} else if l.arg(1) != "all" {
			l.t.Fatalf("no order is named %s", l.arg(1))
		}
		w.apply(w.sign(l, cmd, l.firm()))
	},
	// orders 98 E_0 BTCUSD long quantity=1: as many orders and batches, of which the last is shown
	"orders": func(w *world, l line) {
		for range l.number(l.arg(0)) {
			w.out.Reset()
			w.run(strings.Replace(l.text, "orders "+l.arg(0), "order", 1))
			w.run("prices " + l.arg(2) + "=" + w.s.Quote(must(w.s.Pair(l.arg(2)))).Bid.String())
		}
	},
	// pair BTCUSD halted|tradable|…
	"pair": func(w *world, l line) {
		cmd := &prop.SetPairState{Pair: l.arg(0)}
		_ = cmd.State.UnmarshalText([]byte(l.arg(1))) // any other word stays 0
		w.apply(w.sign(l, cmd, "R"))
	},
	// halt E_0|E|all [flatten]
	"halt": func(w *world, l line) { w.halt(l, true) },
	// resume E_0|E|all
	"resume": func(w *world, l line) { w.halt(l, false) },
	// root [of=7]
	"root": func(w *world, l line) {
		cmd := &prop.RecordRoot{AtSeq: w.s.Seq()}
		cmd.Registry, cmd.Trading = w.s.Roots()
		if v := l.opt("of"); v != "" {
			cmd.AtSeq = l.number(v)
		}
		w.apply(prop.Signed{Command: cmd})
	},
	// hold: ticks wait for the verb tick, as if the node were late; release: no longer
	"hold":    func(w *world, _ line) { w.held = true },
	"release": func(w *world, _ line) { w.held = false },
	// tick: also one that is not due
	"tick": func(w *world, _ line) { w.apply(prop.Signed{Command: &prop.Tick{}}) },
	// rubbish: a command that the engine does not know
	"rubbish": func(w *world, _ line) { w.apply(prop.Signed{}) },
	// show E_0 | show E
	"show": func(w *world, l line) {
		if ref, ok := w.s.Entity(key(l.arg(0))); strings.Contains(l.arg(0), "_") || ok && w.s.Entities()[ref].Miner {
			w.printf("%s", printer{w.s}.show(l.account(l.arg(0))))
		} else {
			w.printf("%s", printer{w.s}.showEntity(key(l.arg(0))))
		}
	},
	// roots
	"roots": func(w *world, _ line) {
		registry, trading := w.s.Roots()
		w.printf("record %d: registry %s, trading %s", w.s.Seq(), short(registry), short(trading))
	},
}

// must is for what is there.
func must[T any](v T, ok bool) T {
	if !ok {
		panic("not there")
	}
	return v
}

func (w *world) order(l line, cmd *prop.SubmitOrder) {
	cmd.Account, cmd.Pair = l.account(l.arg(0)), l.arg(1)
	if v := l.opt("leverage"); v != "" {
		cmd.Leverage = l.ratio(v)
	}
	if v := l.opt("value"); v != "" {
		cmd.Value = l.usd(v)
	}
	if v := l.opt("quantity"); v != "" {
		q, err := fixed.ParseQty(v)
		l.must(err)
		cmd.Quantity = q
	}
	for name, into := range map[string]*fixed.Price{"limit": &cmd.LimitPrice, "stop": &cmd.StopLoss, "profit": &cmd.TakeProfit} {
		if v := l.opt(name); v != "" {
			*into = l.price(v)
		}
	}
	w.apply(w.sign(l, cmd, l.firm()))
}

func (w *world) halt(l line, halted bool) {
	cmd := &prop.Halt{Halted: halted, Flatten: len(l.args) > 1 && l.arg(1) == "flatten"}
	switch name := l.arg(0); {
	case name == "all":
	case strings.Contains(name, "_"):
		cmd.Account = l.account(name)
	default:
		cmd.Entity = key(name)
	}
	w.apply(w.sign(l, cmd, "R"))
}

// firm is the name of the account's entity, the first word.
func (l line) firm() string {
	name, _, _ := strings.Cut(l.arg(0), "_")
	return name
}

func (l line) class() string {
	if len(l.args) > 1 {
		return l.arg(1)
	}
	return "crypto"
}

func (l line) genesis() prop.Genesis {
	g := seedGenesis()
	r := &g.RuleSets[0]
	for _, o := range l.opts {
		switch v := o[1]; o[0] {
		case "network":
			g.Network = v
		case "size":
			r.AccountSize = l.usd(v)
		case "lock":
			r.Lock = l.theta(v)
		case "max":
			r.MaxAccounts = int64(l.number(v))
		case "fee":
			for i := range r.Classes {
				r.Classes[i].FeeRate = l.ratio(v)
			}
		case "carry":
			for i := range r.Classes {
				r.Classes[i].CarryRate = l.ratio(v)
			}
		case "slip":
			r.Slippage = testSlippage()
		case "cap":
			r.PortfolioCap = l.ratio(v)
		case "weight":
			for i := range g.Pairs {
				g.Pairs[i].Multiplier = int64(l.number(v))
			}
		case "orders":
			r.MaxOrders = int64(l.number(v))
		case "resting":
			r.MaxResting = int64(l.number(v))
		case "cooldown":
			r.CooldownMs = int64(l.duration("cooldown"))
		case "rate":
			r.OrderRate = prop.Rate{Count: int64(l.number(v)), WindowMs: 60 * second}
		case "firms-rate":
			r.EntityOrderRate = prop.Rate{Count: int64(l.number(v)), WindowMs: 60 * second}
		case "drawdown":
			r.Phases[0].DrawdownLimit, r.Phases[1].DrawdownLimit = l.ratio(v), l.ratio(v)
		case "miners":
			r.Miner = prop.MinerRules{}
		case "delay":
			r.FillDelayBatches = int64(l.number(v))
		case "age":
			r.MaxPriceAgeMs = int64(l.duration("age"))
		case "window":
			g.AuthWindowMs = int64(l.duration("window"))
		case "op":
			l.must(r.Phases[0].DrawdownOp.UnmarshalText([]byte(v)))
		case "target":
			r.Phases[0].Target = l.ratio(v)
		case "days":
			r.Phases[0].TimeLimitMs = int64(l.number(v)) * dayMs
		case "leverage", "least":
			for i := range g.Pairs {
				if o[0] == "least" {
					g.Pairs[i].MinLeverage = l.ratio(v)
				} else {
					g.Pairs[i].MaxLeverage = l.ratio(v)
				}
			}
		default:
			l.t.Fatalf("genesis has no %s", o[0])
		}
	}
	return g
}

// ready brings an account to life without showing it.
func (w *world) ready(l line, name prop.AccountKey) {
	shown := w.out.String()
	if _, known := w.s.Entity(name.Entity); !known {
		w.run("register " + strings.Split(l.arg(0), "_")[0])
	}
	for {
		if ref, ok := w.s.AccountRef(name); ok {
			if w.s.Account(ref).Status != prop.Active {
				l.t.Fatalf("%s is there already", l.arg(0))
			}
			break
		}
		ref, _ := w.s.Entity(name.Entity)
		e := w.s.Entities()[ref]
		entity := strings.Split(l.arg(0), "_")[0]
		w.run(fmt.Sprintf("deposit %s %s", entity, e.Locked.Add(e.Slashed).Add(w.s.Rules(0).Lock)))
		effect := w.s.NextEffect()
		w.run("create " + entity + " " + l.class())
		if w.s.NextEffect() == effect {
			l.t.Fatalf("%s cannot be made ready:\n%s", l.arg(0), w.out.String())
		}
		w.run(fmt.Sprintf("submitted %d", effect))
		w.run(fmt.Sprintf("complete %d ok", effect))
	}
	w.out.Reset()
	w.out.WriteString(shown)
	w.printf("%s", printer{w.s}.show(name))
}
