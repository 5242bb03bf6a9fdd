package engine

import (
	"strconv"

	"strings"
	"unicode/utf8"

	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/prop"
)

func (t *tx) start(c *prop.Start) error {
	if t.s.Seq() != 0 {
		return prop.Refuse(prop.InvalidField, "a journal has one genesis, its first record")
	}
	if err := rules.CheckGenesis(&c.Genesis); err != nil {
		return prop.Refuse(prop.InvalidField, err.Error())
	}
	t.emit(&prop.GenesisSet{Genesis: c.Genesis})
	return nil
}

func (t *tx) registerEntity(c *prop.RegisterEntity) error {
	if err := t.mayRegister(c.Hotkey); err != nil {
		return err
	}
	t.emit(&prop.EntityRegistered{Entity: prop.EntityRef(len(t.s.Entities())), Hotkey: c.Hotkey, Coldkey: c.Coldkey})
	return nil
}

// registerMiner opens a miner's one account, pending until the deposit is known and its day has come.
func (t *tx) registerMiner(c *prop.RegisterMiner) error {
	if err := t.mayRegister(c.Hotkey); err != nil {
		return err
	}
	pinned := t.s.DefaultRules()
	if r := t.s.Rules(pinned); r.Miner.USDPerTheta == 0 {
		return prop.Refuse(prop.InvalidField, "the rule set has no plain miners")
	} else if err := t.knowsClass(r, c.Class); err != nil {
		return err
	}
	entity := prop.EntityRef(len(t.s.Entities()))
	t.emit(&prop.EntityRegistered{Entity: entity, Hotkey: c.Hotkey, Coldkey: c.Coldkey, Miner: true})
	t.emit(&prop.SubaccountCreated{Account: prop.AccountRef(t.s.Accounts()), Entity: entity, ID: prop.MinerID, Rules: pinned, Class: c.Class})
	return nil
}

// schedule plans what a new deposit makes of a miner's account, from the next UTC day on.
func (t *tx) schedule(ref prop.EntityRef) {
	e := t.s.Entities()[ref]
	if !e.Miner {
		return
	}
	a := t.s.Account(e.Accounts[0])
	size, enough := rules.MinerSize(&t.s.Rules(a.Rules).Miner, e.Deposited)
	if enough && size != t.s.PlannedSize(a.Ref) && (a.Status == prop.Pending || a.Status == prop.Active) {
		t.emit(&prop.SizeScheduled{Account: a.Ref, Size: size, At: rules.NextDay(t.stamp.At)})
	}
}

// resize gives an account its scheduled size; the first one makes it active.
func (t *tx) resize(z state.Sizing) {
	a := t.s.Account(z.Account)
	t.emit(&prop.AccountSized{Account: z.Account, Size: z.Size})
	if a.Status == prop.Pending {
		t.emit(&prop.StatusChanged{Account: z.Account, Status: prop.Active})
		t.enterPhase(z.Account, 0, nil)
	}
}

func (t *tx) knowsClass(r *prop.RuleSet, class string) error {
	if _, known := r.Of(class); !known {
		return prop.Refuse(prop.InvalidField, "the rule set has no class "+strconv.QuoteToASCII(class[:min(len(class), 32)]))
	}
	return nil
}

// mayRegister refuses who is not the hotkey itself, is known already, or finds no room.
func (t *tx) mayRegister(hotkey prop.Hotkey) error {
	id := prop.KV{Key: "entity", Value: hotkey.String()}
	if t.cmd.Signer != hotkey {
		return prop.Refuse(prop.NotOwner, "registration is signed by the hotkey that becomes the entity", id)
	}
	if _, exists := t.s.Entity(hotkey); exists {
		return prop.Refuse(prop.EntityExists, "the hotkey is an entity or a miner already", id)
	}
	if len(t.s.Entities()) >= prop.MaxEntities {
		return prop.Refuse(prop.EntityLimit, "the network is full", id)
	}
	return nil
}

func (t *tx) observeCollateral(c *prop.ObserveCollateral) error {
	ref, err := t.entity(c.Entity)
	if err != nil {
		return err
	}
	if c.Deposited < 0 {
		return prop.Refuse(prop.InvalidField, "a deposit is not negative", prop.KV{Key: "entity", Value: c.Entity.String()})
	}
	if e := t.s.Entities()[ref]; !e.Known || e.Deposited != c.Deposited {
		t.emit(&prop.CollateralObserved{Entity: ref, Deposited: c.Deposited})
		t.schedule(ref)
	}
	return nil
}

func (t *tx) createSubaccount(c *prop.CreateSubaccount) error {
	ref, err := t.entity(c.Entity)
	if err != nil {
		return err
	}
	e := t.s.Entities()[ref]
	if err := rules.CheckOwner(t.cmd.Signer, e.Hotkey, e.Coldkey); err != nil {
		return err
	}
	pinned := t.s.DefaultRules()
	r := t.s.Rules(pinned)
	if e.Miner {
		return prop.Refuse(prop.EntityNotFound, "a plain miner has one account", prop.KV{Key: "entity", Value: c.Entity.String()})
	}
	if err := t.knowsClass(r, c.Class); err != nil {
		return err
	}
	if err := rules.CheckOpen(r, e.Hotkey, e.Known, e.Free(), e.Live); err != nil {
		return err
	}
	if len(e.Accounts) > prop.MaxAccountID {
		return prop.Refuse(prop.AccountLimit, "the entity has used up its numbers", prop.KV{Key: "entity", Value: c.Entity.String()})
	}
	account := prop.AccountRef(t.s.Accounts())
	t.emit(&prop.SubaccountCreated{Account: account, Entity: ref, ID: uint32(len(e.Accounts)), Rules: pinned, Size: r.AccountSize, Lock: r.Lock, Class: c.Class})
	t.emit(&prop.EffectRequested{Effect: t.s.NextEffect(), Kind: prop.LockCollateral, Entity: ref, Account: account, Amount: r.Lock})
	return nil
}

func (t *tx) recordSubmission(c *prop.RecordSubmission) error {
	f, err := t.effect(c.Effect)
	if err != nil {
		return err
	}
	if f.Status != prop.EffectRequestedStatus {
		return prop.Refuse(prop.EffectOutOfOrder, "the effect is "+f.Status.String())
	}
	t.emit(&prop.EffectSubmitted{Effect: c.Effect, TxHash: c.TxHash})
	return nil
}

// completeEffect ends an effect. The account of a lock becomes active and starts its first phase,
// or fails; its number is consumed either way.
func (t *tx) completeEffect(c *prop.CompleteEffect) error {
	f, err := t.effect(c.Effect)
	if err != nil {
		return err
	}
	if f.Status != prop.EffectSubmittedStatus {
		return prop.Refuse(prop.EffectOutOfOrder, "the effect is "+f.Status.String())
	}
	if !utf8.ValidString(c.Detail) { // a journal that holds it could not be read again
		return prop.Refuse(prop.InvalidField, "the detail is not UTF-8")
	}
	detail := strings.ToValidUTF8(c.Detail[:min(len(c.Detail), prop.MaxDetailBytes)], "") // no rune in halves
	t.emit(&prop.EffectCompleted{Effect: c.Effect, OK: c.OK, Detail: detail})
	if f.Kind != prop.LockCollateral {
		return nil
	}
	if !c.OK {
		t.emit(&prop.StatusChanged{Account: f.Account, Status: prop.Failed})
		return nil
	}
	t.emit(&prop.StatusChanged{Account: f.Account, Status: prop.Active})
	t.enterPhase(f.Account, 0, nil)
	return nil
}

func (t *tx) enterPhase(account prop.AccountRef, phase uint8, verdict *prop.Verdict) {
	p := &t.s.Rules(t.s.Account(account).Rules).Phases[phase]
	t.emit(&prop.BucketChanged{Account: account, Phase: phase, Bucket: p.Bucket, Deadline: rules.Deadline(p, t.stamp.At), Verdict: verdict})
}

func (t *tx) entity(k prop.Hotkey) (prop.EntityRef, error) {
	ref, ok := t.s.Entity(k)
	if !ok {
		return 0, prop.Refuse(prop.EntityNotFound, "the hotkey is not an entity", prop.KV{Key: "entity", Value: k.String()})
	}
	return ref, nil
}

func (t *tx) effect(id prop.EffectID) (state.Effect, error) {
	e, ok := t.s.Effect(id)
	if !ok {
		return e, prop.Refuse(prop.EffectNotFound, "no effect has that id")
	}
	return e, nil
}
