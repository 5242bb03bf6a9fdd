package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/propnet/propnet/client"
	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

type orderCmd struct {
	Submit  orderSubmit  `cmd:"" help:"Submit a MARKET order, or with --limit a LIMIT; --stop-loss and --take-profit protect what fills."`
	Bracket orderBracket `cmd:"" help:"Protect an open position by a stop loss, a take profit or both."`
	Cancel  orderCancel  `cmd:"" help:"Cancel one resting order, or all of a subaccount."`
	Show    orderShow    `cmd:"" help:"One order."`
	List    orderList    `cmd:"" help:"A subaccount's orders, newest first."`
}

// orderSize is how much; on the command line one of the three.
type orderSize struct {
	Leverage string `help:"Size as leverage of the starting balance." xor:"size"`
	Value    string `help:"Size as notional value in USD." xor:"size"`
	Quantity string `help:"Size in lots, coins or shares." xor:"size"`
}

func (z orderSize) fill(o *api.SubmitOrder) (err error) {
	if o.Leverage, err = size(z.Leverage, fixed.ParseRatio); err != nil {
		return fmt.Errorf("--leverage: %w", err)
	}
	if o.Value, err = size(z.Value, fixed.ParseUSD); err != nil {
		return fmt.Errorf("--value: %w", err)
	}
	if o.Quantity, err = size(z.Quantity, fixed.ParseQty); err != nil {
		return fmt.Errorf("--quantity: %w", err)
	}
	return nil
}

// protection are the prices that close a position.
type protection struct {
	StopLoss   string `help:"Price at which a loss is taken."`
	TakeProfit string `help:"Price at which a profit is taken."`
}

func (p protection) fill(o *api.SubmitOrder) (err error) {
	if o.StopLoss, err = size(p.StopLoss, fixed.ParsePrice); err != nil {
		return fmt.Errorf("--stop-loss: %w", err)
	}
	if o.TakeProfit, err = size(p.TakeProfit, fixed.ParsePrice); err != nil {
		return fmt.Errorf("--take-profit: %w", err)
	}
	return nil
}

type orderSubmit struct {
	signer
	orderSize
	protection
	Account string `arg:""`
	Pair    string `arg:""`
	Side    string `arg:"" help:"long, short or flat."`
	Limit   string `help:"Limit price: the order rests until the market reaches it."`
	DryRun  bool   `help:"Only tell what it would do: fill, fees, slippage, leverage and headroom."`
}

func (c *orderSubmit) Run(a *app) error {
	o := api.SubmitOrder{Pair: c.Pair, Type: prop.Market.String(), Side: strings.ToUpper(c.Side)}
	var err error
	if o.LimitPrice, err = size(c.Limit, fixed.ParsePrice); err != nil {
		return fmt.Errorf("--limit: %w", err)
	}
	if o.LimitPrice != nil {
		o.Type = prop.Limit.String()
	}
	if c.DryRun {
		return c.tryOut(a, o)
	}
	return c.submit(a, c.Account, o, c.orderSize, c.protection)
}

func (c *orderSubmit) tryOut(a *app, o api.SubmitOrder) error {
	var err error
	if o.Account, err = prop.ParseAccountKey(c.Account); err != nil {
		return err
	}
	if err := errors.Join(c.orderSize.fill(&o), c.protection.fill(&o)); err != nil {
		return err
	}
	return show(a, c.remote, func(ctx context.Context, cl *client.Client) (api.DryRun, error) { return cl.DryRun(ctx, o) })
}

func (s signer) submit(a *app, account string, o api.SubmitOrder, z orderSize, p protection) error {
	cl, key, err := s.open()
	if err != nil {
		return err
	}
	if o.Account, err = prop.ParseAccountKey(account); err != nil {
		return err
	}
	if err := errors.Join(z.fill(&o), p.fill(&o)); err != nil {
		return err
	}
	out, err := cl.SubmitOrder(a.ctx, key, o)
	return a.result(out, err)
}

type orderBracket struct {
	signer
	orderSize
	protection
	Account string `arg:""`
	Pair    string `arg:""`
}

func (c *orderBracket) Run(a *app) error {
	return c.submit(a, c.Account, api.SubmitOrder{Pair: c.Pair, Type: prop.Bracket.String()}, c.orderSize, c.protection)
}

type orderCancel struct {
	signer
	Account string `arg:""`
	Order   string `arg:"" optional:"" help:"The order's id; without it all of the subaccount's."`
}

func (c *orderCancel) Run(a *app) error {
	cl, key, err := c.open()
	if err != nil {
		return err
	}
	var o api.CancelOrder
	if o.Account, err = prop.ParseAccountKey(c.Account); err != nil {
		return err
	}
	if c.Order != "" {
		id, err := prop.ParseCommandID(c.Order)
		if err != nil {
			return err
		}
		o.Order = &id
	}
	out, err := cl.CancelOrder(a.ctx, key, o)
	return a.result(out, err)
}

func size[T any](s string, parse func(string) (T, error)) (*T, error) {
	if s == "" {
		return nil, nil
	}
	v, err := parse(s)
	return &v, err
}

type orderShow struct {
	remote
	ID string `arg:""`
}

func (c *orderShow) Run(a *app) error {
	id, err := prop.ParseCommandID(c.ID)
	if err != nil {
		return err
	}
	return show(a, c.remote, func(ctx context.Context, cl *client.Client) (api.OrderAnswer, error) { return cl.Order(ctx, id) })
}

type orderList struct {
	remote
	Account string `arg:""`
}

func (c *orderList) Run(a *app) error {
	k, err := prop.ParseAccountKey(c.Account)
	if err != nil {
		return err
	}
	return show(a, c.remote, func(ctx context.Context, cl *client.Client) (api.OrderList, error) { return cl.Orders(ctx, k) })
}

type pairsCmd struct {
	List   pricesShow `cmd:"" help:"All pairs: state, class, bounds, last quotes."`
	Show   pairShow   `cmd:"" help:"One pair: what may be done with it now, and why not."`
	Halt   pairHalt   `cmd:"" help:"Forbid new exposure in a pair; the key needs the risk role."`
	Resume pairResume `cmd:"" help:"Allow trading in a pair again; the key needs the risk role."`
}

type pairShow struct {
	remote
	Pair string `arg:""`
}

func (c *pairShow) Run(a *app) error {
	return show(a, c.remote, func(ctx context.Context, cl *client.Client) (api.Price, error) {
		all, err := cl.Prices(ctx)
		for _, p := range all.Prices {
			if p.Pair == c.Pair {
				return p, nil
			}
		}
		return api.Price{}, errors.Join(err, prop.Refuse(prop.PairUnknown, "the network has no such pair", prop.KV{Key: "pair", Value: c.Pair}))
	})
}

type pairHalt struct {
	signer
	Pair string `arg:""`
}

func (c *pairHalt) Run(a *app) error { return c.set(a, c.Pair, prop.Halted) }

type pairResume struct {
	signer
	Pair string `arg:""`
}

func (c *pairResume) Run(a *app) error { return c.set(a, c.Pair, prop.Tradable) }

func (s signer) set(a *app, pair string, state prop.PairState) error {
	cl, key, err := s.open()
	if err != nil {
		return err
	}
	out, err := cl.SetPairState(a.ctx, key, api.SetPairState{Pair: pair, State: state.String()})
	return a.result(out, err)
}

type haltCmd struct {
	signer
	Action  string `arg:"" enum:"halt,resume,flatten" help:"halt forbids new exposure, flatten also closes what is open, resume allows trading."`
	Entity  string `help:"Of this firm." xor:"scope"`
	Account string `help:"Of this subaccount." xor:"scope"`
	All     bool   `help:"Of everybody." xor:"scope"`
}

// Run asks for a scope on purpose: nothing is halted by a forgotten flag.
func (c *haltCmd) Run(a *app) error {
	cl, key, err := c.open()
	if err != nil {
		return err
	}
	h := api.Halt{Action: c.Action}
	switch {
	case c.Entity != "":
		k, err := prop.ParseHotkey(c.Entity)
		if err != nil {
			return err
		}
		h.Entity = &k
	case c.Account != "":
		k, err := prop.ParseAccountKey(c.Account)
		if err != nil {
			return err
		}
		h.Account = &k
	case !c.All:
		return errors.New("say whose: --entity, --account or --all")
	}
	out, err := cl.Halt(a.ctx, key, h)
	return a.result(out, err)
}
