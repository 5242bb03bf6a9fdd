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
	// genesis [size=10000 lock=1000 max=500 fee=0.001 delay=1 age=60s window=300s op=ge target=0.03 days=90 leverage=5 least=0]
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
	// create E
	"create": func(w *world, l line) {
		w.apply(w.sign(l, &prop.CreateSubaccount{Entity: key(l.arg(0))}, l.arg(0)))
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
	// ready E_0: registers, deposits and creates, unseen, until the account is active
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
	// order E_0 BTCUSD long|short|flat|none [leverage=0.2] [value=1000] [quantity=0.5]
	"order": func(w *world, l line) {
		cmd := &prop.SubmitOrder{Account: l.account(l.arg(0)), Pair: l.arg(1)}
		_ = cmd.Side.UnmarshalText([]byte(strings.ToUpper(l.arg(2)))) // none stays 0
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
		entity, _, _ := strings.Cut(l.arg(0), "_")
		w.apply(w.sign(l, cmd, entity))
	},
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
		if strings.Contains(l.arg(0), "_") {
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
			r.FeeRate = l.ratio(v)
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
		w.run("create " + entity)
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
