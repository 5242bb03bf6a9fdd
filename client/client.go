package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/prop"
)

// Client speaks to one node. Its fields may be set before first use; it is safe for concurrent use.
type Client struct {
	Base  string // e.g. http://127.0.0.1:8480
	Token string // read token
	HTTP  *http.Client
	// NewID makes the ids of commands; by default of the node's time and fresh randomness.
	NewID func(at prop.Instant) prop.CommandID
}

// New is a client of the node at base.
func New(base, token string) *Client {
	return &Client{
		Base: strings.TrimSuffix(base, "/"), Token: token, HTTP: &http.Client{Timeout: 30 * time.Second},
		NewID: func(at prop.Instant) prop.CommandID {
			var random [10]byte
			_, _ = rand.Read(random[:]) // never fails
			return prop.NewCommandID(at, random)
		},
	}
}

// maxAnswer bounds what is read of one answer.
const maxAnswer = 64 << 20

// tries is how often a call is sent before its outcome counts as unknown.
const tries = 8

// Time asks for the network, origin and time to sign with.
func (c *Client) Time(ctx context.Context) (api.Time, error) {
	return get[api.Time](ctx, c, "/v1/time")
}

// Sign makes an envelope for the node, as of its time.
func (c *Client) Sign(ctx context.Context, key *Key, path string, body any) (prop.Envelope, error) {
	t, err := c.Time(ctx)
	if err != nil {
		return prop.Envelope{}, err
	}
	raw, ok := body.([]byte)
	if !ok {
		if raw, err = json.Marshal(body); err != nil {
			return prop.Envelope{}, err
		}
	}
	return request.Sign(key, prop.Envelope{Network: t.Network, Audience: t.Origin, Path: path, ID: c.NewID(t.Now), Time: t.Now, Body: raw}), nil
}

// Call signs a command and sends it until its outcome is known.
func (c *Client) Call(ctx context.Context, key *Key, path string, body any) (api.Command, error) {
	e, err := c.Sign(ctx, key, path, body)
	if err != nil {
		return api.Command{}, err
	}
	return c.Send(ctx, key, e)
}

// Send sends a signed call. Lost answers and busy nodes are tried again with the same id; a node
// that has restarted may ask for a newer signature, which needs the key.
func (c *Client) Send(ctx context.Context, key *Key, e prop.Envelope) (out api.Command, err error) {
	for pause, try := 50*time.Millisecond, 1; ; pause, try = 2*pause, try+1 {
		out, err = c.post(ctx, e)
		var p *api.Problem
		refused := errors.As(err, &p)
		again := err != nil && !refused || refused && (p.Status == http.StatusServiceUnavailable || p.Code == int(prop.SignAgain))
		if !again || try == tries {
			return out, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return out, ctx.Err()
		}
		if refused && p.Code == int(prop.SignAgain) && key != nil {
			if t, err := c.Time(ctx); err == nil {
				e.Time = t.Now
				e = request.Sign(key, e)
			}
		}
	}
}

func (c *Client) post(ctx context.Context, e prop.Envelope) (out api.Command, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Base+e.Path, bytes.NewReader(e.Body))
	if err != nil {
		return out, err
	}
	r.Header.Set("Content-Type", "application/json")
	for _, h := range request.Headers(&e) {
		r.Header.Set(h[0], h[1])
	}
	return out, c.do(r, &out)
}

func get[T any](ctx context.Context, c *Client, path string) (out T, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Base+path, nil)
	if err != nil {
		return out, err
	}
	r.Header.Set("Authorization", "Bearer "+c.Token)
	return out, c.do(r, &out)
}

func (c *Client) do(r *http.Request, into any) error {
	res, err := c.HTTP.Do(r)
	if err != nil {
		return fmt.Errorf("the node at %s does not answer: %w", c.Base, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return err
	}
	if res.StatusCode == http.StatusOK {
		return json.Unmarshal(body, into)
	}
	p := new(api.Problem)
	if json.Unmarshal(body, p) != nil || p.Status == 0 {
		return fmt.Errorf("%s answered %s", r.URL.Path, res.Status)
	}
	return p
}

// RegisterEntity makes the key's hotkey an entity.
func (c *Client) RegisterEntity(ctx context.Context, key *Key, coldkey prop.Hotkey) (api.Command, error) {
	return c.Call(ctx, key, request.PathEntities, api.RegisterEntity{Hotkey: key.Public(), Coldkey: coldkey})
}

// RegisterMiner makes the key's hotkey a plain miner of one asset class.
func (c *Client) RegisterMiner(ctx context.Context, key *Key, coldkey prop.Hotkey, class string) (api.Command, error) {
	return c.Call(ctx, key, request.PathMiners, api.RegisterMiner{Hotkey: key.Public(), Coldkey: coldkey, Class: class})
}

// CreateSubaccount opens the entity's next subaccount, for one asset class.
func (c *Client) CreateSubaccount(ctx context.Context, key *Key, entity prop.Hotkey, class string) (api.Command, error) {
	return c.Call(ctx, key, request.PathSubaccounts, api.CreateSubaccount{Entity: entity, Class: class})
}

// SubmitOrder submits an order. The order's id is the command's.
func (c *Client) SubmitOrder(ctx context.Context, key *Key, o api.SubmitOrder) (api.Command, error) {
	return c.Call(ctx, key, request.PathOrders, o)
}

// DryRun tells what an order would do on the quotes as they are. Nothing changes, nothing is signed.
func (c *Client) DryRun(ctx context.Context, o api.SubmitOrder) (out api.DryRun, err error) {
	body, err := json.Marshal(o)
	if err != nil {
		return out, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Base+request.PathOrders+"/dry-run", bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+c.Token)
	return out, c.do(r, &out)
}

// CancelOrder cancels a resting order, or all of the account.
func (c *Client) CancelOrder(ctx context.Context, key *Key, o api.CancelOrder) (api.Command, error) {
	return c.Call(ctx, key, request.PathCancel, o)
}

// SetPairState halts, resumes or narrows a pair.
func (c *Client) SetPairState(ctx context.Context, key *Key, s api.SetPairState) (api.Command, error) {
	return c.Call(ctx, key, request.PathPairState, s)
}

// Halt throws the kill switch, or takes it back.
func (c *Client) Halt(ctx context.Context, key *Key, h api.Halt) (api.Command, error) {
	return c.Call(ctx, key, request.PathHalts, h)
}

// PushPrices pushes a price batch as of the node's time.
func (c *Client) PushPrices(ctx context.Context, key *Key, quotes []api.Quote) (api.Command, error) {
	t, err := c.Time(ctx)
	if err != nil {
		return api.Command{}, err
	}
	return c.Call(ctx, key, request.PathPrices, api.PushPrices{Observed: t.Now, Quotes: quotes})
}

// Command asks for an accepted command and its receipt.
func (c *Client) Command(ctx context.Context, id prop.CommandID) (api.Command, error) {
	return get[api.Command](ctx, c, "/v1/commands/"+id.String())
}

// Entities lists all entities.
func (c *Client) Entities(ctx context.Context) (api.EntityList, error) {
	return get[api.EntityList](ctx, c, "/v1/entities")
}

// Entity is one entity.
func (c *Client) Entity(ctx context.Context, k prop.Hotkey) (api.EntityAnswer, error) {
	return get[api.EntityAnswer](ctx, c, "/v1/entities/"+k.String())
}

// Subaccounts lists an entity's accounts from number `from` on, at most 500.
func (c *Client) Subaccounts(ctx context.Context, k prop.Hotkey, from int) (api.AccountList, error) {
	return get[api.AccountList](ctx, c, fmt.Sprintf("/v1/entities/%s/subaccounts?from=%d", k, from))
}

// Account is one account with its evaluated rules.
func (c *Client) Account(ctx context.Context, k prop.AccountKey) (api.AccountAnswer, error) {
	return get[api.AccountAnswer](ctx, c, "/v1/accounts/"+url.PathEscape(k.String()))
}

// Orders lists an account's orders, newest first.
func (c *Client) Orders(ctx context.Context, k prop.AccountKey) (api.OrderList, error) {
	return get[api.OrderList](ctx, c, "/v1/accounts/"+url.PathEscape(k.String())+"/orders")
}

// Order is one order.
func (c *Client) Order(ctx context.Context, id prop.CommandID) (api.OrderAnswer, error) {
	return get[api.OrderAnswer](ctx, c, "/v1/orders/"+id.String())
}

// Eliminations lists eliminations, newest first.
func (c *Client) Eliminations(ctx context.Context) (api.EliminationList, error) {
	return get[api.EliminationList](ctx, c, "/v1/eliminations")
}

// Prices lists all pairs with their last quotes.
func (c *Client) Prices(ctx context.Context) (api.PriceList, error) {
	return get[api.PriceList](ctx, c, "/v1/prices")
}

// Roots are the newest recorded state roots.
func (c *Client) Roots(ctx context.Context) (api.Roots, error) {
	return get[api.Roots](ctx, c, "/v1/roots")
}
