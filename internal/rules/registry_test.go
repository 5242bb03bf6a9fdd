package rules_test

import (
	"encoding/json"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/prop"
)

func TestCheckOwner(t *testing.T) {
	hot, cold := prop.Hotkey{1}, prop.Hotkey{2}
	rows := []struct {
		rule   string
		signer prop.Hotkey
		want   prop.Code
	}{
		{"the hotkey", hot, 0}, {"the coldkey", cold, 0}, {"anyone else", prop.Hotkey{3}, prop.NotOwner}, {"nobody", prop.Hotkey{}, prop.NotOwner},
	}
	for _, r := range rows {
		if got := refusal(rules.CheckOwner(r.signer, hot, cold)); got != r.want {
			t.Errorf("%s: %d", r.rule, got)
		}
	}
}

func TestCheckRole(t *testing.T) {
	g := &prop.Genesis{Operators: []prop.Operator{{Key: prop.Hotkey{1}, Roles: []prop.Role{prop.FeedRole}}, {Key: prop.Hotkey{2}, Roles: []prop.Role{9}}}}
	rows := []struct {
		rule   string
		signer prop.Hotkey
		want   prop.Code
	}{
		{"an operator with the role", prop.Hotkey{1}, 0}, {"an operator with another role", prop.Hotkey{2}, prop.NotOwner}, {"no operator", prop.Hotkey{3}, prop.NotOwner},
	}
	for _, r := range rows {
		if got := refusal(rules.CheckRole(g, r.signer, prop.FeedRole)); got != r.want {
			t.Errorf("%s: %d", r.rule, got)
		}
	}
}

func TestCheckOpen(t *testing.T) {
	const theta = fixed.Theta(fixed.ThetaScale)
	set := &prop.RuleSet{Lock: 1_000 * theta, MaxAccounts: 500}
	rows := []struct {
		rule  string
		known bool
		free  fixed.Theta
		live  int64
		want  prop.Code
	}{
		{"room and collateral", true, 1_000 * theta, 499, 0}, {"one rao short", true, 1_000*theta - 1, 0, prop.CollateralShort},
		{"a withdrawal left a debt", true, -1, 0, prop.CollateralShort}, {"all slots taken", true, 5_000 * theta, 500, prop.AccountLimit},
		{"more than all slots taken", true, 5_000 * theta, 501, prop.AccountLimit}, {"deposit not read", false, 5_000 * theta, 0, prop.CollateralUnknown},
	}
	for _, r := range rows {
		if got := refusal(rules.CheckOpen(set, prop.Hotkey{}, r.known, r.free, r.live)); got != r.want {
			t.Errorf("%s: %d, want %d", r.rule, got, r.want)
		}
	}
	// reference/entity.md §10.2: 5,000 theta, five creations succeed (0 free), the sixth is refused.
	free, live := 5_000*theta, int64(0)
	for ; rules.CheckOpen(set, prop.Hotkey{}, true, free, live) == nil; live++ {
		free = free.Sub(set.Lock)
	}
	if live != 5 || free != 0 {
		t.Errorf("5,000 theta open %d accounts and leave %s", live, free)
	}
}

// TestMinerSizeGolden: 500 USD per theta, from 300 on, at most 1,000 of them count. The public node
// lets a smaller account trade, with a hundredth of its score; here there is none.
func TestMinerSizeGolden(t *testing.T) {
	var vectors struct {
		Cases []struct {
			Theta  json.Number
			Size   json.Number `json:"account_size"`
			Enough bool        `json:"meets_minimum"`
		}
	}
	golden(t, "account_size_from_theta", &vectors)
	r := &prop.MinerRules{USDPerTheta: 500 * usd, MinTheta: 300 * fixed.ThetaScale, MaxTheta: 1_000 * fixed.ThetaScale}
	for _, v := range vectors.Cases {
		theta, err := fixed.ParseTheta(v.Theta.String())
		if err != nil {
			t.Fatal(err)
		}
		size, enough := rules.MinerSize(r, theta)
		if enough != v.Enough || enough && size != parseUSD(t, v.Size.String()) {
			t.Errorf("%s theta: %s, %v, want %s, %v", v.Theta, size, enough, v.Size, v.Enough)
		}
	}
	if len(vectors.Cases) != 9 {
		t.Errorf("%d vectors", len(vectors.Cases))
	}
	if size, enough := rules.MinerSize(r, 300*fixed.ThetaScale-1); enough {
		t.Errorf("a rao short of the minimum: %s", size)
	}
	if size, enough := rules.MinerSize(&prop.MinerRules{}, 1<<62); enough {
		t.Errorf("without plain miners: %s", size)
	}
}

func TestNextDay(t *testing.T) {
	const midnight = prop.Instant(1_767_225_600_000)
	for at, want := range map[prop.Instant]prop.Instant{midnight - 1: midnight, midnight: midnight + dayMs, midnight + 1: midnight + dayMs, midnight + dayMs - 1: midnight + dayMs} {
		if got := rules.NextDay(at); got != want {
			t.Errorf("the day after %s begins at %s", at, got)
		}
	}
}
