package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/propnet/propnet/client"
	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/prop"
)

type keyCmd struct {
	New  keyNew  `cmd:"" help:"Make a key file of mode 0600."`
	Show keyShow `cmd:"" help:"Print a key file's address."`
}

type keyNew struct {
	Out string `required:"" help:"File to make; an existing one is never overwritten." type:"path"`
}

func (c *keyNew) Run(a *app) error {
	address, err := client.CreateKey(c.Out)
	if err != nil {
		return err
	}
	return a.print(map[string]string{"file": c.Out, "address": address.String()})
}

type keyShow struct {
	File string `arg:"" type:"existingfile"`
}

func (c *keyShow) Run(a *app) error {
	key, err := client.LoadKey(c.File)
	if err != nil {
		return err
	}
	if !a.json {
		_, err = fmt.Fprintln(a.out, key.Public())
		return err
	}
	return a.print(map[string]string{"address": key.Public().String()})
}

// signer are the flags of verbs that sign a call.
type signer struct {
	remote
	Key string `required:"" help:"Key file that signs." type:"existingfile"`
}

func (s signer) open() (*client.Client, *client.Key, error) {
	key, err := client.LoadKey(s.Key)
	if err != nil {
		return nil, nil, err
	}
	c, err := s.client()
	return c, key, err
}

type requestCmd struct {
	Sign requestSign `cmd:"" help:"Sign a call and print it as a curl configuration: … | curl -K -"`
}

type requestSign struct {
	signer
	Path    string `arg:"" help:"Route, e.g. /v1/orders"`
	Body    string `arg:"" help:"JSON body; - reads it from standard input."`
	ID      string `help:"Command id (UUIDv7); default: a new one."`
	Time    string `help:"Time to sign as of, like 2026-01-02T03:04:05.678Z; default: the node's."`
	Network string `help:"Network to sign for; default: the node's."`
}

// Run prints every part of the call, so that it can be looked at, changed and sent again.
func (c *requestSign) Run(a *app) error {
	cl, key, err := c.open()
	if err != nil {
		return err
	}
	body := []byte(c.Body)
	if c.Body == "-" {
		if body, err = io.ReadAll(io.LimitReader(os.Stdin, prop.MaxPriceBytes+1)); err != nil {
			return err
		}
	}
	if c.ID != "" {
		id, err := prop.ParseCommandID(c.ID)
		if err != nil {
			return err
		}
		cl.NewID = func(prop.Instant) prop.CommandID { return id }
	}
	e, err := cl.Sign(a.ctx, key, c.Path, body)
	if err != nil {
		return err
	}
	if c.Time != "" {
		if err := e.Time.UnmarshalText([]byte(c.Time)); err != nil {
			return fmt.Errorf("--time: %w", err)
		}
	}
	if c.Network != "" {
		e.Network = c.Network
	}
	e = request.Sign(key, e)
	quote := func(s string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
	}
	var b strings.Builder
	fmt.Fprintf(&b, "url = %s\nsilent\nshow-error\nheader = \"Content-Type: application/json\"\n", quote(cl.Base+c.Path))
	for _, h := range request.Headers(&e) {
		fmt.Fprintf(&b, "header = %s\n", quote(h[0]+": "+h[1]))
	}
	fmt.Fprintf(&b, "data-binary = %s\n", quote(string(body)))
	_, err = io.WriteString(a.out, b.String())
	return err
}

type entityCmd struct {
	Register entityRegister `cmd:"" help:"Make the key's hotkey an entity."`
	Show     entityShow     `cmd:"" help:"One entity."`
	List     entityList     `cmd:"" help:"All entities."`
}

type entityRegister struct {
	signer
	Coldkey string `required:"" help:"Address of the coldkey that will own the entity."`
}

func (c *entityRegister) Run(a *app) error {
	cl, key, err := c.open()
	if err != nil {
		return err
	}
	coldkey, err := prop.ParseHotkey(c.Coldkey)
	if err != nil {
		return err
	}
	out, err := cl.RegisterEntity(a.ctx, key, coldkey)
	return a.result(out, err)
}

// result prints an accepted command: whole with --json, else what happened.
func (a *app) result(c api.Command, err error) error {
	if err != nil || a.json {
		return errors.Join(err, skipOn(err, func() error { return a.print(c) }))
	}
	return a.print(map[string]any{"id": c.ID, "seq": c.Seq, "duplicate": c.Duplicate, "record": c.Record})
}

func skipOn(err error, do func() error) error {
	if err != nil {
		return nil
	}
	return do()
}

// show runs a read and prints its answer.
func show[T any](a *app, r remote, read func(context.Context, *client.Client) (T, error)) error {
	c, err := r.client()
	if err != nil {
		return err
	}
	answer, err := read(a.ctx, c)
	if err != nil {
		return err
	}
	return a.print(answer)
}

type entityShow struct {
	remote
	Hotkey string `arg:""`
}

func (c *entityShow) Run(a *app) error {
	k, err := prop.ParseHotkey(c.Hotkey)
	if err != nil {
		return err
	}
	return show(a, c.remote, func(ctx context.Context, cl *client.Client) (api.EntityAnswer, error) { return cl.Entity(ctx, k) })
}

type entityList struct{ remote }

func (c *entityList) Run(a *app) error {
	return show(a, c.remote, func(ctx context.Context, cl *client.Client) (api.EntityList, error) { return cl.Entities(ctx) })
}

type minerCmd struct {
	Register minerRegister `cmd:"" help:"Make the key's hotkey a plain miner, with one account of a size that follows from the deposit."`
}

type minerRegister struct {
	signer
	Coldkey string `required:"" help:"Address of the coldkey that will own the account."`
	Class   string `required:"" help:"The one asset class that the account may trade, for ever." enum:"crypto,forex,indices,equities"`
}

func (c *minerRegister) Run(a *app) error {
	cl, key, err := c.open()
	if err != nil {
		return err
	}
	coldkey, err := prop.ParseHotkey(c.Coldkey)
	if err != nil {
		return err
	}
	out, err := cl.RegisterMiner(a.ctx, key, coldkey, c.Class)
	return a.result(out, err)
}

type subCmd struct {
	Create subCreate `cmd:"" help:"Open the entity's next subaccount."`
	List   subList   `cmd:"" help:"An entity's subaccounts."`
	Show   subShow   `cmd:"" help:"One subaccount with its evaluated rules."`
	Watch  subWatch  `cmd:"" help:"Print a subaccount each time it changes, until it has ended."`
}

type subCreate struct {
	signer
	Entity string `help:"The entity's hotkey; default: the key's own address."`
	Class  string `help:"The one asset class that the account may trade, for ever." enum:"crypto,forex,indices,equities" default:"crypto"`
}

func (c *subCreate) Run(a *app) error {
	cl, key, err := c.open()
	if err != nil {
		return err
	}
	entity := key.Public()
	if c.Entity != "" {
		if entity, err = prop.ParseHotkey(c.Entity); err != nil {
			return err
		}
	}
	out, err := cl.CreateSubaccount(a.ctx, key, entity, c.Class)
	return a.result(out, err)
}

type subList struct {
	remote
	Entity string `arg:""`
	From   int    `help:"Number of the first account." default:"0"`
}

func (c *subList) Run(a *app) error {
	k, err := prop.ParseHotkey(c.Entity)
	if err != nil {
		return err
	}
	return show(a, c.remote, func(ctx context.Context, cl *client.Client) (api.AccountList, error) {
		return cl.Subaccounts(ctx, k, c.From)
	})
}

type subShow struct {
	remote
	Account string `arg:""`
}

func (c *subShow) Run(a *app) error {
	k, err := prop.ParseAccountKey(c.Account)
	if err != nil {
		return err
	}
	return show(a, c.remote, func(ctx context.Context, cl *client.Client) (api.AccountAnswer, error) { return cl.Account(ctx, k) })
}

type subWatch struct {
	remote
	Account string        `arg:""`
	Every   time.Duration `help:"How often to ask." default:"500ms"`
}

// Run prints one line a change.
func (c *subWatch) Run(a *app) error {
	k, err := prop.ParseAccountKey(c.Account)
	if err != nil {
		return err
	}
	cl, err := c.client()
	if err != nil {
		return err
	}
	tick := time.NewTicker(max(c.Every, 10*time.Millisecond))
	defer tick.Stop()
	for last := ""; ; {
		got, err := cl.Account(a.ctx, k)
		if err != nil {
			return err
		}
		if line := watchLine(a.json, got); line != last {
			last = line
			fmt.Fprintln(a.out, line)
		}
		if s := got.Account.Status; s == prop.Eliminated.String() || s == prop.Failed.String() {
			return nil
		}
		select {
		case <-tick.C:
		case <-a.ctx.Done():
			return nil
		}
	}
}

func watchLine(asJSON bool, got api.AccountAnswer) string {
	x := got.Account
	if asJSON {
		b, err := json.Marshal(x)
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
	line := fmt.Sprintf("%s  %s %s  equity %s  balance %s  peak %s", got.AsOf.At, x.Status, x.Bucket, x.Equity, x.Balance, x.Peak)
	for _, p := range x.Positions {
		line += fmt.Sprintf("  %s %s at %s, now %s", p.Quantity, p.Pair, p.Entry, p.Mark)
	}
	for _, t := range x.Tests {
		line += fmt.Sprintf("  %s: %s left", t.Rule, t.Headroom)
	}
	if e := x.Elimination; e != nil {
		line += fmt.Sprintf("  %s: equity %s, anchor %s, limit %s, record %d", e.Verdict.Rule, e.Verdict.Value, e.Verdict.Anchor, e.Verdict.Limit, e.Seq)
	}
	return line
}

type pricesCmd struct {
	Push pricesPush `cmd:"" help:"Push a price batch; the key needs the feed role."`
	Show pricesShow `cmd:"" help:"All pairs with their last quotes."`
}

type pricesPush struct {
	signer
	Quotes []string `arg:"" help:"PAIR=PRICE or PAIR=BID/ASK …"`
}

func (c *pricesPush) Run(a *app) error {
	cl, key, err := c.open()
	if err != nil {
		return err
	}
	var quotes []api.Quote
	for _, s := range c.Quotes {
		pair, price, _ := strings.Cut(s, "=")
		bid, ask, two := strings.Cut(price, "/")
		if !two {
			ask = bid
		}
		q := api.Quote{Pair: pair}
		if q.Bid, err = fixed.ParsePrice(bid); err == nil {
			q.Ask, err = fixed.ParsePrice(ask)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		quotes = append(quotes, q)
	}
	out, err := cl.PushPrices(a.ctx, key, quotes)
	return a.result(out, err)
}

type pricesShow struct{ remote }

func (c *pricesShow) Run(a *app) error {
	return show(a, c.remote, func(ctx context.Context, cl *client.Client) (api.PriceList, error) { return cl.Prices(ctx) })
}
