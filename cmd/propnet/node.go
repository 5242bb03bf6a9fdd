package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/pelletier/go-toml/v2"

	"github.com/propnet/propnet/client"
	"github.com/propnet/propnet/internal/journal"
	"github.com/propnet/propnet/internal/node"
	"github.com/propnet/propnet/prop"
)

type nodeCmd struct {
	Init        nodeInit  `cmd:"" help:"Make a data directory: configuration, read token, and the genesis as record 1."`
	Run         nodeRun   `cmd:"" help:"Run the node of a data directory."`
	CheckConfig nodeCheck `cmd:"" help:"Check a data directory's configuration, or a genesis file, and change nothing."`
}

type nodeInit struct {
	Data    string `required:"" help:"Data directory to make." type:"path"`
	Genesis string `required:"" help:"Genesis file in TOML." type:"existingfile"`
	Key     string `required:"" help:"The node's key file; it is copied into the data directory." type:"existingfile"`
}

// Run makes the directory. The read token is written to a file of mode 0600; the configuration
// holds its hash only.
func (c *nodeInit) Run(a *app) error {
	g, err := loadGenesis(c.Genesis)
	if err != nil {
		return err
	}
	key, err := client.LoadKey(c.Key)
	if err != nil {
		return err
	}
	token, err := initDir(c.Data, c.Key, g, key, prop.Instant(node.NewWallClock().Now()))
	if err != nil {
		return err
	}
	return a.print(map[string]string{
		"data": c.Data, "network": g.Network, "origin": g.Origin.String(), "config": filepath.Join(c.Data, configName), "read_token_file": token,
	})
}

func initDir(dir, keyFile string, g prop.Genesis, key *client.Key, at prop.Instant) (tokenFile string, err error) {
	if _, err := os.Stat(filepath.Join(dir, configName)); err == nil {
		return "", fmt.Errorf("%s holds a node already: a key must not begin a second history", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	j, _, err := journal.Open(dir)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	if err := node.Init(j, key, g, at); err != nil {
		return "", err
	}
	conf := defaultConfig()
	if keyFile != "" {
		body, err := os.ReadFile(keyFile)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(inside(dir, conf.KeyFile), body, 0o600); err != nil {
			return "", err
		}
	}
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	token := "pn_" + hex.EncodeToString(secret[:])
	conf.TokenHashes = []prop.Hash{sha256.Sum256([]byte(token))}
	body, err := toml.Marshal(conf)
	if err != nil {
		return "", err
	}
	tokenFile = filepath.Join(dir, "read-token")
	return tokenFile, errors.Join(
		os.WriteFile(filepath.Join(dir, configName), body, 0o600),
		os.WriteFile(tokenFile, []byte(token+"\n"), 0o600))
}

type nodeRun struct {
	Data   string `required:"" help:"Data directory." type:"existingdir"`
	Listen string `help:"Address of the API, instead of the configuration's."`
}

// Run serves until it is told to stop. Prices come from operators with the feed role.
func (c *nodeRun) Run(a *app) error {
	conf, err := loadConfig(c.Data)
	if err != nil {
		return err
	}
	if c.Listen != "" {
		conf.Listen = c.Listen
		if err := conf.checkListen(); err != nil {
			return err
		}
	}
	key, err := client.LoadKey(inside(c.Data, conf.KeyFile))
	if err != nil {
		return err
	}
	level, _ := logLevel(conf.LogLevel) // checked by loadConfig
	log := slog.New(slog.NewTextHandler(a.errOut, &slog.HandlerOptions{Level: level}))
	r, err := open(c.Data, conf, node.NewWallClock(), key, log)
	if err != nil {
		return err
	}
	defer r.close()
	return r.start(a.ctx, c.Data, conf, func(context.Context) error {
		asOf := r.view.AsOf()
		return a.print(map[string]any{"url": r.url, "network": r.node.Genesis().Network, "origin": r.node.Genesis().Origin.String(), "seq": asOf.Seq})
	})
}

type nodeCheck struct {
	Data    string `help:"Data directory whose configuration is checked." type:"existingdir" xor:"what" required:""`
	Genesis string `help:"Genesis file to check." type:"existingfile" xor:"what" required:""`
}

func (c *nodeCheck) Run(a *app) error {
	if c.Genesis != "" {
		g, err := loadGenesis(c.Genesis)
		if err != nil {
			return err
		}
		return a.print(map[string]any{"ok": true, "network": g.Network, "pairs": len(g.Pairs), "rule_sets": len(g.RuleSets)})
	}
	conf, err := loadConfig(c.Data)
	if err != nil {
		return fmt.Errorf("the configuration is wrong:\n%w", err)
	}
	return a.print(map[string]any{"ok": true, "listen": conf.Listen, "tokens": len(conf.TokenHashes), "tls": conf.TLSCert != ""})
}
