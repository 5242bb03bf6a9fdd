package request

import (
	"encoding/json"

	"github.com/propnet/propnet/prop"
)

// Routes of the signed calls.
const (
	PathEntities    = "/v1/entities"
	PathMiners      = "/v1/miners"
	PathSubaccounts = "/v1/subaccounts"
	PathOrders      = "/v1/orders"
	PathCancel      = "/v1/orders/cancel"
	PathPrices      = "/v1/prices"
	PathPairState   = "/v1/pairs/state"
	PathHalts       = "/v1/halts"
)

// MaxBody is how many bytes a call to the path may have.
func MaxBody(path string) int64 {
	if path == PathPrices {
		return prop.MaxPriceBytes
	}
	return prop.MaxCommandBytes
}

// Decode reads the command of a verified envelope.
func Decode(e *prop.Envelope) (prop.Signed, error) {
	s := prop.Signed{ID: e.ID, Signer: e.Signer, BodyHash: identity(e)}
	if int64(len(e.Body)) > MaxBody(e.Path) {
		return s, prop.Refuse(prop.BodyTooLarge, "the body has too many bytes")
	}
	var err error
	switch e.Path {
	case PathEntities:
		s.Command, err = decodeEntity(e.Body)
	case PathMiners:
		s.Command, err = decodeMiner(e.Body)
	case PathSubaccounts:
		s.Command, err = decodeSubaccount(e.Body)
	case PathOrders:
		s.Command, err = decodeOrder(e.Body)
	case PathCancel:
		s.Command, err = decodeCancel(e.Body)
	case PathPairState:
		s.Command, err = decodePairState(e.Body)
	case PathHalts:
		s.Command, err = decodeHalt(e.Body)
	case PathPrices:
		s.Command, err = decodePrices(e.Body)
	default:
		err = prop.Refuse(prop.NotFound, "no command has this path")
	}
	return s, err
}

func decodeEntity(body []byte) (prop.Command, error) {
	c := new(prop.RegisterEntity)
	o, err := readObject(body, "hotkey", "coldkey")
	o.text(&err, "hotkey", &c.Hotkey)
	o.text(&err, "coldkey", &c.Coldkey)
	return c, err
}

func decodeMiner(body []byte) (prop.Command, error) {
	c := new(prop.RegisterMiner)
	o, err := readObject(body, "hotkey", "coldkey", "class")
	o.text(&err, "hotkey", &c.Hotkey)
	o.text(&err, "coldkey", &c.Coldkey)
	o.str(&err, "class", &c.Class)
	return c, err
}

func decodeSubaccount(body []byte) (prop.Command, error) {
	c := new(prop.CreateSubaccount)
	o, err := readObject(body, "entity", "class")
	o.text(&err, "entity", &c.Entity)
	o.str(&err, "class", &c.Class)
	return c, err
}

func decodeOrder(body []byte) (prop.Command, error) {
	c := &prop.SubmitOrder{Type: prop.Market}
	o, err := readObject(body, "account", "pair", "type", "side", "leverage", "value", "quantity", "limit_price", "stop_loss", "take_profit")
	o.text(&err, "account", &c.Account)
	o.str(&err, "pair", &c.Pair)
	o.optional(&err, "type", &c.Type)
	o.optional(&err, "side", &c.Side)
	o.optional(&err, "leverage", &c.Leverage)
	o.optional(&err, "value", &c.Value)
	o.optional(&err, "quantity", &c.Quantity)
	o.optional(&err, "limit_price", &c.LimitPrice)
	o.optional(&err, "stop_loss", &c.StopLoss)
	o.optional(&err, "take_profit", &c.TakeProfit)
	return c, err
}

func decodeCancel(body []byte) (prop.Command, error) {
	c := new(prop.CancelOrder)
	o, err := readObject(body, "account", "order")
	o.text(&err, "account", &c.Account)
	o.optional(&err, "order", &c.Order)
	return c, err
}

func decodePairState(body []byte) (prop.Command, error) {
	c := new(prop.SetPairState)
	o, err := readObject(body, "pair", "state")
	o.str(&err, "pair", &c.Pair)
	o.text(&err, "state", &c.State)
	return c, err
}

func decodeHalt(body []byte) (prop.Command, error) {
	c := new(prop.Halt)
	o, err := readObject(body, "entity", "account", "action")
	o.optional(&err, "entity", &c.Entity)
	o.optional(&err, "account", &c.Account)
	var action string
	o.str(&err, "action", &action)
	if err != nil {
		return c, err
	}
	switch action {
	case "halt":
		c.Halted = true
	case "flatten":
		c.Halted, c.Flatten = true, true
	case "resume":
	default:
		err = prop.Refuse(prop.InvalidField, "action is halt, resume or flatten")
	}
	return c, err
}

func decodePrices(body []byte) (prop.Command, error) {
	c := new(prop.ObservePrices)
	o, err := readObject(body, "observed", "quotes")
	o.text(&err, "observed", &c.Observed)
	var quotes []json.RawMessage
	o.array(&err, "quotes", &quotes, prop.MaxPairs)
	for _, raw := range quotes {
		var q prop.Quote
		qo, qerr := readObject(raw, "pair", "bid", "ask")
		qo.str(&qerr, "pair", &q.Pair)
		qo.text(&qerr, "bid", &q.Bid)
		qo.text(&qerr, "ask", &q.Ask)
		if err == nil {
			err = qerr
		}
		c.Quotes = append(c.Quotes, q)
	}
	return c, err
}
