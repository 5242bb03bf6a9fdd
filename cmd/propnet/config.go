package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/pelletier/go-toml/v2"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/prop"
)

// config is propnet.toml in the data directory. docs/config.md is generated from the tags.
type config struct {
	Listen      string      `toml:"listen" default:"127.0.0.1:8480" doc:"Address of the API. Off loopback it needs TLS and tokens."`
	KeyFile     string      `toml:"key_file" default:"node.key.json" doc:"The node's key, relative to the data directory; its address is the genesis' origin. Mode 0600."`
	TokenHashes []prop.Hash `toml:"token_hashes" doc:"SHA-256 of each read token, in hexadecimal. With none, nobody reads."`
	TLSCert     string      `toml:"tls_cert" doc:"Certificate chain in PEM, relative to the data directory."`
	TLSKey      string      `toml:"tls_key" doc:"The certificate's key in PEM, relative to the data directory."`
	TwinDeposit fixed.Theta `toml:"twin_deposit" default:"100000" doc:"Opening deposit of every entity in the in-process collateral twin, in theta."`
	LogLevel    string      `toml:"log_level" default:"info" doc:"debug, info, warn or error."`
}

const configName = "propnet.toml"

func defaultConfig() config {
	return config{Listen: "127.0.0.1:8480", KeyFile: "node.key.json", TwinDeposit: 100_000 * fixed.ThetaScale, LogLevel: "info"}
}

// decodeTOML refuses unknown keys and names the line of every fault.
func decodeTOML(path string, into any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	err = toml.NewDecoder(f).DisallowUnknownFields().Decode(into)
	var strict *toml.StrictMissingError
	var decode *toml.DecodeError
	switch {
	case errors.As(err, &strict):
		return fmt.Errorf("%s: unknown keys:\n%s", path, strict.String())
	case errors.As(err, &decode):
		return fmt.Errorf("%s: %w\n%s", path, err, decode.String())
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// loadConfig reads and checks the configuration of a data directory.
func loadConfig(dir string) (config, error) {
	c := defaultConfig()
	if err := decodeTOML(filepath.Join(dir, configName), &c); err != nil {
		return c, err
	}
	return c, c.check(dir)
}

func (c *config) check(dir string) error {
	var faults []error
	if err := c.checkListen(); err != nil {
		faults = append(faults, err)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		faults = append(faults, errors.New("tls_cert and tls_key: set both or neither"))
	}
	for _, name := range []string{c.KeyFile, c.TLSCert, c.TLSKey} {
		if name != "" {
			if _, err := os.Stat(inside(dir, name)); err != nil {
				faults = append(faults, err)
			}
		}
	}
	if c.TwinDeposit < 0 {
		faults = append(faults, errors.New("twin_deposit: not negative"))
	}
	if _, err := logLevel(c.LogLevel); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// checkListen holds the rule that nothing leaves loopback unprotected.
func (c *config) checkListen() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	ip := net.ParseIP(host)
	if host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	if c.TLSCert == "" || len(c.TokenHashes) == 0 {
		return fmt.Errorf("listen: %s is off loopback: set tls_cert, tls_key and token_hashes first", c.Listen)
	}
	return nil
}

// inside resolves a file of the data directory.
func inside(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// loadGenesis reads and checks a genesis file.
func loadGenesis(path string) (prop.Genesis, error) {
	var g prop.Genesis
	if err := decodeTOML(path, &g); err != nil {
		return g, err
	}
	if err := rules.CheckGenesis(&g); err != nil {
		return g, fmt.Errorf("%s:\n%w", path, err)
	}
	return g, nil
}
