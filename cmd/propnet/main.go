// Command propnet is a node of a decentralised prop-trading network, and its operators' and
// traders' tool. Each verb group has one file; wiring is in run.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/propnet/propnet/client"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "dev"

// cli is the list of all verbs.
type cli struct {
	Node    nodeCmd    `cmd:"" help:"Run a node, make its data directory, check its configuration."`
	Devnet  devnetCmd  `cmd:"" help:"A whole network on one machine: a node, a demo firm and its traders on simulated or recorded prices."`
	Key     keyCmd     `cmd:"" help:"Make and show key files."`
	Request requestCmd `cmd:"" help:"Sign a call by hand."`
	Entity  entityCmd  `cmd:"" help:"Register and show entities (prop firms)."`
	Miner   minerCmd   `cmd:"" help:"Register a plain miner."`
	Sub     subCmd     `cmd:"" help:"Create, show and watch subaccounts."`
	Order   orderCmd   `cmd:"" help:"Submit, protect, cancel and show orders."`
	Prices  pricesCmd  `cmd:"" help:"Push and show prices."`
	Pairs   pairsCmd   `cmd:"" help:"Show, halt and resume pairs."`
	Halt    haltCmd    `cmd:"" help:"Kill switch: halt, resume or flatten a subaccount, a firm, everybody."`
	Receipt receiptCmd `cmd:"" help:"Fetch a command's receipt; prove one offline."`
	Journal journalCmd `cmd:"" help:"Verify, print and replay a journal, offline."`
	State   stateCmd   `cmd:"" help:"State roots of a data directory, offline."`
	Docs    docsCmd    `cmd:"" hidden:"" help:"Write the generated references."`
	Version versionCmd `cmd:"" help:"Print the version."`

	JSON bool `help:"Print JSON." name:"json"`
}

// remote are the flags of verbs that speak to a node.
type remote struct {
	URL       string `name:"node" help:"The node's address." default:"http://127.0.0.1:8480" env:"PROPNET_NODE"`
	TokenFile string `help:"File with the read token. Else the environment's PROPNET_TOKEN, else the devnet's open token." type:"existingfile"`
}

// openToken is what a devnet hands out: it protects nothing, on loopback only.
const openToken = "open"

func (r remote) client() (*client.Client, error) {
	token := openToken
	if t := os.Getenv("PROPNET_TOKEN"); t != "" {
		token = t
	}
	if r.TokenFile != "" {
		b, err := os.ReadFile(r.TokenFile)
		if err != nil {
			return nil, err
		}
		token = trim(b)
	}
	return client.New(r.URL, token), nil
}

// app is what a verb runs with.
type app struct {
	ctx    context.Context
	out    io.Writer
	errOut io.Writer
	json   bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process: end-to-end tests call it too.
func run(ctx context.Context, args []string, out, errOut io.Writer) (code int) {
	var c cli
	exited := -1
	parser, err := kong.New(&c, kong.Name("propnet"), kong.Description("A node for decentralised prop-trading networks."),
		kong.Writers(out, errOut), kong.Exit(func(n int) { exited = n }), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(errOut, "propnet:", err)
		return exitInternal
	}
	k, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		fmt.Fprintln(errOut, "propnet:", err)
		return exitUsage
	}
	a := &app{ctx: ctx, out: out, errOut: errOut, json: c.JSON}
	if err := k.Run(a); err != nil && !(errors.Is(err, context.Canceled) && ctx.Err() != nil) {
		fmt.Fprintln(errOut, "propnet:", describe(err))
		return exitCode(err)
	}
	return 0
}

type versionCmd struct{}

func (versionCmd) Run(a *app) error { return a.print(map[string]string{"version": version}) }
