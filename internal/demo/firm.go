package demo

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/propnet/propnet/client"
	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// Firm is the demo firm: one key, some traders, each with one account at a time.
type Firm struct {
	client  *client.Client
	key     *client.Key
	seed    uint64
	pair    string
	class   string // of the pair
	traders []*trader
	market  market
	ids     uint64 // of commands at one instant
	idsAt   prop.Instant
}

// trader is one person: his temperament and the account that he trades now.
type trader struct {
	temperament
	number  int
	account prop.AccountKey
	dead    prop.Instant // when his last account was seen eliminated; 0 while he has one
}

// Seed derives a 32-byte secret from the devnet's seed and a purpose.
func Seed(seed uint64, purpose string) [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "propnet devnet %d %s", seed, purpose))
}

// NewFirm is a firm of n traders of a pair. Its key follows from the seed.
func NewFirm(c *client.Client, seed uint64, pair, class string, n int) *Firm {
	f := &Firm{client: c, key: client.NewRepeatableKey(Seed(seed, "firm")), seed: seed, pair: pair, class: class}
	for i := range n {
		f.traders = append(f.traders, &trader{temperament: temperaments[i%len(temperaments)], number: i})
	}
	c.NewID = f.newID
	return f
}

// newID counts instead of drawing lots, so that one seed gives one history.
func (f *Firm) newID(at prop.Instant) prop.CommandID {
	if at != f.idsAt {
		f.ids, f.idsAt = 0, at
	}
	f.ids++
	var unique [10]byte
	binary.BigEndian.PutUint64(unique[2:], f.ids)
	return prop.NewCommandID(at, unique)
}

// Hotkey is the firm's.
func (f *Firm) Hotkey() prop.Hotkey { return f.key.Public() }

// Open registers the firm and gives each trader an account, or finds what an earlier run made.
func (f *Firm) Open(ctx context.Context) error {
	coldkey := client.NewRepeatableKey(Seed(f.seed, "coldkey")).Public()
	if _, err := f.client.RegisterEntity(ctx, f.key, coldkey); err != nil && !is(err, prop.EntityExists) {
		return fmt.Errorf("register the demo firm: %w", err)
	}
	if err := f.await(ctx, func() (bool, error) {
		e, err := f.client.Entity(ctx, f.Hotkey())
		return e.Entity.Collateral.Known, err
	}); err != nil {
		return fmt.Errorf("wait for the firm's deposit: %w", err)
	}
	// Accounts were bought in the traders' order at first and one by one later, so the owner of
	// each follows from the history: the first n in order, then whoever was dead longest.
	have, err := f.accounts(ctx)
	if err != nil {
		return err
	}
	f.assign(have)
	for _, t := range f.traders {
		if t.account == (prop.AccountKey{}) {
			if err := f.buy(ctx, t); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *Firm) accounts(ctx context.Context) (all []api.Account, err error) {
	for {
		page, err := f.client.Subaccounts(ctx, f.Hotkey(), len(all))
		if err != nil || len(page.Accounts) == 0 {
			return all, err
		}
		all = append(all, page.Accounts...)
	}
}

// assign gives the accounts of an earlier run back to their traders. A later account was bought by
// the trader whose last one had ended first.
func (f *Firm) assign(have []api.Account) {
	ended := make([]prop.Instant, len(f.traders)) // when each trader's account ended; 0 = it lives
	for i, a := range have {
		n := i
		if i >= len(f.traders) {
			n = -1
			for j, at := range ended {
				if at != 0 && (n < 0 || at < ended[n]) {
					n = j
				}
			}
		}
		if n < 0 {
			return
		}
		f.traders[n].account, ended[n] = a.Account, 0
		if a.Elimination != nil {
			ended[n] = a.Elimination.At
		}
	}
}

// buy opens a new account for a trader and waits until he may trade.
func (f *Firm) buy(ctx context.Context, t *trader) error {
	c, err := f.client.CreateSubaccount(ctx, f.key, f.Hotkey(), f.class)
	if err != nil {
		return fmt.Errorf("open an account for trader %d: %w", t.number, err)
	}
	all, err := f.accounts(ctx)
	if err != nil {
		return err
	}
	t.account, t.dead = all[len(all)-1].Account, 0
	return f.await(ctx, func() (bool, error) {
		a, err := f.client.Account(ctx, t.account)
		if err == nil && a.Account.Status == "failed" {
			err = fmt.Errorf("account %s of command %s failed: the collateral was not locked", t.account, c.ID)
		}
		return a.Account.Status == "active", err
	})
}

// await polls until done; the driver is not in a hurry while effects complete.
func (f *Firm) await(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Watch lets the traders see a price batch without acting on it.
func (f *Firm) Watch(batches []*prop.ObservePrices) {
	for _, b := range batches {
		for _, q := range b.Quotes {
			if q.Pair == f.pair {
				f.market.add(b.Observed, fixed.MidHalfEven(q.Bid, q.Ask))
			}
		}
	}
}

// Act lets each trader whose turn it is decide on the market as of the instant.
func (f *Firm) Act(ctx context.Context, at prop.Instant) error {
	for _, t := range f.traders {
		if !t.turn(f.market.bars) || !f.market.moved {
			continue
		}
		if err := f.act(ctx, t, at); err != nil {
			return err
		}
	}
	f.market.moved = false
	return nil
}

// rest is how long a trader waits after an elimination before he buys a new account.
const rest = prop.Instant(3 * 24 * 3600 * 1000)

func (f *Firm) act(ctx context.Context, t *trader, at prop.Instant) error {
	got, err := f.client.Account(ctx, t.account)
	if err != nil {
		return err
	}
	a := got.Account
	if a.Elimination != nil {
		if at-a.Elimination.At < rest {
			return nil
		}
		err := f.buy(ctx, t)
		if is(err, prop.CollateralShort) || is(err, prop.AccountLimit) {
			return nil // the firm has no money left for him
		}
		return err
	}
	if a.Waiting > 0 {
		return nil
	}
	var held fixed.Ratio // signed leverage of the position
	for _, p := range a.Positions {
		if held = p.Leverage; p.Quantity < 0 {
			held = -held
		}
	}
	random := rand.New(rand.NewPCG(f.seed^uint64(t.number)<<32, uint64(at)))
	order, ok := t.decide(&f.market, held, random)
	if !ok {
		return nil
	}
	order.Account, order.Pair = t.account, f.pair
	_, err = f.client.SubmitOrder(ctx, f.key, order)
	for _, code := range []prop.Code{prop.PriceStale, prop.LeverageBounds, prop.PortfolioBounds, prop.AccountNotActive, prop.NothingOpen, prop.MarketClosed,
		prop.OrdersPerPosition, prop.Cooldown, prop.OrderRateLimited, prop.TradingHalted, prop.PairNotTradable} {
		if is(err, code) { // what befalls any trader
			return nil
		}
	}
	return err
}

func is(err error, code prop.Code) bool {
	var p *api.Problem
	return errors.As(err, &p) && p.Code == int(code)
}
