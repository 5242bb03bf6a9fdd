package archtest

import (
	"go/ast"
	"strings"
)

const (
	maxFileLines   = 600 // a file that one can hold in mind
	maxFuncLines   = 70  // a function that fits a screen
	maxMethods     = 5   // an interface that a twin can implement in an afternoon
	minPackageDocs = 3   // lines: purpose, what it must never do, where to start
)

func (c *checker) checkFileSize(f *file) {
	if f.lines > maxFileLines && !ast.IsGenerated(f.ast) {
		c.reportAt(KindSize, f.path, f.lines, "file of %d lines: the limit is %d", f.lines, maxFileLines)
	}
}

// checkFuncSize measures declared functions and function values of package level;
// a literal inside a function counts as lines of that function.
func (c *checker) checkFuncSize(f *file) {
	for _, decl := range f.ast.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok {
			c.checkSpan(f, fn, fn.Name.Name)
			continue
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			fn, ok := n.(*ast.FuncLit)
			if ok {
				c.checkSpan(f, fn, "literal")
			}
			return !ok
		})
	}
}

func (c *checker) checkSpan(f *file, fn ast.Node, name string) {
	lines := c.tree.line(fn.End()) - c.tree.line(fn.Pos()) + 1
	if lines > maxFuncLines {
		c.report(KindSize, f, fn.Pos(), "func %s of %d lines: the limit is %d", name, lines, maxFuncLines)
	}
}

// checkInterfaces counts the methods of every interface of a package, those of
// embedded interfaces of the same package included.
func (c *checker) checkInterfaces(p *pkg) {
	local := map[string]*ast.InterfaceType{}
	for _, f := range p.files {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if it, ok := spec.Type.(*ast.InterfaceType); ok {
					local[spec.Name.Name] = it
				}
			}
			return true
		})
	}
	for _, f := range p.files {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			it, ok := n.(*ast.InterfaceType)
			if !ok {
				return true
			}
			if got := methods(it, local, map[*ast.InterfaceType]bool{}); got > maxMethods {
				c.report(KindSize, f, it.Pos(), "interface of %d methods: the limit is %d", got, maxMethods)
			}
			return true
		})
	}
}

// methods counts the methods of it. An interface of another package counts as
// one: how large it is, is checked where it is declared.
func methods(it *ast.InterfaceType, local map[string]*ast.InterfaceType, seen map[*ast.InterfaceType]bool) int {
	if seen[it] {
		return 0
	}
	seen[it] = true
	count := 0
	for _, field := range it.Methods.List {
		switch elem := field.Type.(type) {
		case *ast.FuncType:
			count += len(field.Names)
		case *ast.SelectorExpr:
			count++
		case *ast.Ident:
			if embedded := local[elem.Name]; embedded != nil {
				count += methods(embedded, local, seen)
			} else if elem.Name == "error" {
				count++
			}
		}
	}
	return count
}

// checkPackageName refuses names that say nothing, for they attract everything.
func (c *checker) checkPackageName(f *file) {
	switch name := strings.TrimSuffix(f.ast.Name.Name, "_test"); name {
	case "util", "utils", "common", "helpers", "misc", "base":
		c.report(KindInit, f, f.ast.Package, "package %s: name it after what it does", name)
	}
}

// checkInitFuncs refuses code that runs because it was imported.
func (c *checker) checkInitFuncs(f *file) {
	for _, decl := range f.ast.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			c.report(KindInit, f, fn.Pos(), "func init: construct it where it is used")
		}
	}
}
