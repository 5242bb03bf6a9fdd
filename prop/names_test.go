package prop_test

import (
	"encoding"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/propnet/propnet/prop"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

func TestCodes(t *testing.T) {
	names := map[string]bool{}
	last := prop.Code(0)
	for _, c := range prop.Codes() {
		if c.Code <= last || names[c.Name] {
			t.Errorf("%d %s is out of order or doubled", c.Code, c.Name)
		}
		if c.Name == "" || c.When == "" || c.Next == "" || c.Status < 400 || c.Status > 599 || c.Code < 100 || c.Code > 599 {
			t.Errorf("%d %s is not fully described", c.Code, c.Name)
		}
		if c.Code.Info() != c || c.Code.String() != c.Name {
			t.Errorf("%d %s is not found by its number", c.Code, c.Name)
		}
		last, names[c.Name] = c.Code, true
	}
	if got := declared(t, "code.go", "Code"); got != len(prop.Codes()) {
		t.Errorf("%d codes are declared, %d are in the catalogue", got, len(prop.Codes()))
	}
	if prop.Code(999).Info().Code != prop.Internal {
		t.Error("an unknown code is not reported as internal")
	}
}

func TestRefusalPrintsItsContext(t *testing.T) {
	err := prop.Refuse(prop.PairUnknown, "no such pair", prop.KV{Key: "pair", Value: "XYZ"})
	if got := err.Error(); got != "pair_unknown: no such pair pair=XYZ" {
		t.Error(got)
	}
}

// TestKindsAreKnown finds every type with a kind in the source, so that none can be forgotten in
// NewCommand or NewEvent.
func TestKindsAreKnown(t *testing.T) {
	commands, events := receivers(t, "command.go", "CommandKind"), receivers(t, "event.go", "EventKind")
	for i := range len(commands) + 2 {
		k := prop.CommandKind(i)
		switch c := prop.NewCommand(k); {
		case c == nil && i != 0 && i <= len(commands):
			t.Errorf("command kind %d has no type", i)
		case c != nil && (c.CommandKind() != k || !commands[typeName(c)]):
			t.Errorf("command kind %d makes %T of kind %d", i, c, c.CommandKind())
		}
	}
	for i := range len(events) + 2 {
		k := prop.EventKind(i)
		switch e := prop.NewEvent(k); {
		case e == nil && i != 0 && i <= len(events):
			t.Errorf("event kind %d has no type", i)
		case e != nil && (e.EventKind() != k || !events[typeName(e)]):
			t.Errorf("event kind %d makes %T of kind %d", i, e, e.EventKind())
		}
	}
}

// TestNumbersNeverMove pins what journals hold for ever. The file may only grow.
func TestNumbersNeverMove(t *testing.T) {
	var b strings.Builder
	for i := 1; prop.NewCommand(prop.CommandKind(i)) != nil; i++ {
		fmt.Fprintf(&b, "command %d %s\n", i, typeName(prop.NewCommand(prop.CommandKind(i))))
	}
	for i := 1; prop.NewEvent(prop.EventKind(i)) != nil; i++ {
		fmt.Fprintf(&b, "event %d %s\n", i, typeName(prop.NewEvent(prop.EventKind(i))))
	}
	for _, c := range prop.Codes() {
		fmt.Fprintf(&b, "code %d %s\n", c.Code, c.Name)
	}
	for _, e := range enums {
		for i := range e.names {
			fmt.Fprintf(&b, "%s %d %s\n", typeName(e.of(i+1)), i+1, e.names[i])
		}
	}
	const file = "testdata/numbers.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != b.String() {
		t.Errorf("%s differs (%v); what is new may be added with -update, nothing else may change:\n%s", file, err, b.String())
	}
}

var enums = []struct {
	of    func(int) fmt.Stringer
	names []string
}{
	{func(i int) fmt.Stringer { return prop.Side(i) }, []string{"LONG", "SHORT", "FLAT"}},
	{func(i int) fmt.Stringer { return prop.SizeKind(i) }, []string{"leverage", "value", "quantity"}},
	{func(i int) fmt.Stringer { return prop.Status(i) }, []string{"pending", "active", "frozen", "eliminated", "failed"}},
	{func(i int) fmt.Stringer { return prop.EffectKind(i) }, []string{"lock_collateral", "slash_collateral"}},
	{func(i int) fmt.Stringer { return prop.EffectStatus(i) }, []string{"requested", "submitted", "done", "failed"}},
	{func(i int) fmt.Stringer { return prop.Op(i) }, []string{"gt", "ge"}},
	{func(i int) fmt.Stringer { return prop.Role(i) }, []string{"feed", "risk"}},
	{func(i int) fmt.Stringer { return prop.Reason(i) }, []string{"peak_drawdown", "time_limit", "account_eliminated", "nothing_to_close", "size_too_small", "leverage_exceeded",
		"by_owner", "position_gone", "pair_closed", "out_of_orders", "prices_invalid", "kill_switch"}},
	{func(i int) fmt.Stringer { return prop.PairState(i) }, []string{"tradable", "reduce_only", "data_only", "halted", "retired"}},
	{func(i int) fmt.Stringer { return prop.OrderType(i) }, []string{"MARKET", "LIMIT", "BRACKET"}},
	{func(i int) fmt.Stringer { return prop.Scope(i) }, []string{"everything", "entity", "account"}},
	{func(i int) fmt.Stringer { return prop.Trigger(i) }, []string{"limit", "stop_loss", "take_profit"}},
}

// TestEnumTexts checks that every value has its one name, that 0 and the number after the last
// have none, and that what can be read reads back.
func TestEnumTexts(t *testing.T) {
	for _, e := range enums {
		for i := range len(e.names) + 2 {
			v, want := e.of(i), fmt.Sprintf("unknown(%d)", i)
			known := i >= 1 && i <= len(e.names)
			if known {
				want = e.names[i-1]
			}
			if v.String() != want {
				t.Errorf("%T %d is %q, want %q", v, i, v, want)
			}
			back := reflect.New(reflect.TypeOf(v))
			reader, readable := back.Interface().(encoding.TextUnmarshaler)
			if !readable {
				continue
			}
			if err := reader.UnmarshalText([]byte(v.String())); (err == nil) != known || known && back.Elem().Interface() != v {
				t.Errorf("%T %q reads as %v, %v", v, v, back.Elem(), err)
			}
		}
	}
}

func typeName(v any) string { return reflect.Indirect(reflect.ValueOf(v)).Type().Name() }

func parse(t *testing.T, file string) *ast.File {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// receivers are the types in the file that have the method.
func receivers(t *testing.T, file, method string) map[string]bool {
	types := map[string]bool{}
	for _, d := range parse(t, file).Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Name.Name == method {
			types[fn.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name] = true
		}
	}
	return types
}

// declared counts the constants in the file that are written with the type.
func declared(t *testing.T, file, typ string) (n int) {
	ast.Inspect(parse(t, file), func(node ast.Node) bool {
		if spec, ok := node.(*ast.ValueSpec); ok && spec.Type != nil {
			if id, ok := spec.Type.(*ast.Ident); ok && id.Name == typ {
				n += len(spec.Names)
			}
		}
		return true
	})
	return n
}
