package archtest

import (
	"go/ast"
	"go/token"
	"strings"
)

// checkConcurrency keeps core on the one goroutine that owns the money.
func (c *checker) checkConcurrency(f *file) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.GoStmt:
			c.report(KindConcurrency, f, n.Pos(), "core starts no goroutine")
		case *ast.ChanType:
			c.report(KindConcurrency, f, n.Pos(), "core has no channels")
		case *ast.SelectStmt:
			c.report(KindConcurrency, f, n.Pos(), "core waits for nothing")
		}
		return true
	})
}

// checkFloats keeps floating point out: builds may fuse its operations, so two
// validators could disagree in the last digit.
func (c *checker) checkFloats(f *file) {
	mathName := importedAs(f.ast, "math")
	strconvName := importedAs(f.ast, "strconv")
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			switch n.Name {
			case "float32", "float64", "complex64", "complex128":
				c.report(KindFloat, f, n.Pos(), "%s: use the scaled integers of fixed", n.Name)
			}
		case *ast.BasicLit:
			if n.Kind == token.FLOAT || n.Kind == token.IMAG {
				c.report(KindFloat, f, n.Pos(), "%s is a float literal: write the integer", n.Value)
			}
		case *ast.SelectorExpr:
			// Inference lets a float in through a call without ever naming its type.
			name, ok := selected(n, mathName)
			if ok && !integerBound(name) {
				c.report(KindFloat, f, n.Pos(), "math.%s is floating point: only the integer bounds are allowed", name)
			}
			if name, ok := selected(n, strconvName); ok && strings.Contains(name, "Float") {
				c.report(KindFloat, f, n.Pos(), "strconv.%s is floating point", name)
			}
		}
		return true
	})
}

// integerBound says whether a name of package math is the bound of an integer type.
func integerBound(name string) bool {
	return strings.HasPrefix(name, "MaxInt") || strings.HasPrefix(name, "MinInt") || strings.HasPrefix(name, "MaxUint")
}

// checkClock keeps wall time to the files that have a reason to read it. Passing
// time.Now on as a value counts as reading it.
func (c *checker) checkClock(f *file) {
	if _, ok := clockFiles[f.path]; ok {
		return
	}
	timeName := importedAs(f.ast, "time")
	if timeName == "." {
		c.report(KindClock, f, f.ast.Package, "a dot import of time hides who reads the clock")
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch name, _ := selected(n, timeName); name {
		case "Now", "Since", "Until":
			c.report(KindClock, f, n.Pos(), "time.%s: take the time as an argument, or from the node's clock", name)
		}
		return true
	})
}
