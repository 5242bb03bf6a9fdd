package archtest

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"strings"
)

// resolver finds what names in core stand for. Project packages are checked
// from the source in the tree; all others appear empty, because reading them
// would need the go command. The errors that follow are ignored: a type that
// stays unknown is merely not judged, and the compiler judges the rest.
type resolver struct {
	tree *tree
	pkgs map[string]*types.Package
	info map[string]*types.Info // by directory
}

func newResolver(t *tree) *resolver {
	return &resolver{tree: t, pkgs: map[string]*types.Package{}, info: map[string]*types.Info{}}
}

// resolve returns what is known about the production files of p.
func (r *resolver) resolve(p *pkg) *types.Info {
	if info := r.info[p.dir]; info != nil {
		return info
	}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Defs:  map[*ast.Ident]types.Object{},
		Uses:  map[*ast.Ident]types.Object{},
	}
	// Before the check, so that an import cycle ends here.
	r.info[p.dir] = info
	var files []*ast.File
	for _, f := range p.files {
		if !f.test {
			files = append(files, f.ast)
		}
	}
	conf := types.Config{Importer: r, Error: func(error) {}}
	name := r.tree.module + "/" + p.dir
	checked, _ := conf.Check(name, r.tree.fset, files, info)
	r.pkgs[name] = checked
	return info
}

// Import implements types.Importer.
func (r *resolver) Import(name string) (*types.Package, error) {
	if rel, ok := r.tree.inModule(name); ok && r.tree.byDir[rel] != nil {
		r.resolve(r.tree.byDir[rel])
	}
	if r.pkgs[name] == nil {
		empty := types.NewPackage(name, path.Base(name))
		empty.MarkComplete()
		r.pkgs[name] = empty
	}
	return r.pkgs[name], nil
}

// checkCore runs the checks that need to know what a name stands for.
func (c *checker) checkCore(p *pkg, info *types.Info) {
	for _, f := range p.files {
		if f.test {
			continue
		}
		c.checkMapRanges(f, info)
		c.checkGlobals(f, info)
		c.checkGlobalWrites(f, info)
	}
}

// orderedMark excuses a range whose order cannot matter; the reason is part of it.
const orderedMark = "//archtest:ordered "

// checkMapRanges refuses iteration in map order: it differs from run to run, and
// what core emits may not.
func (c *checker) checkMapRanges(f *file, info *types.Info) {
	excused := map[int]bool{}
	for _, group := range f.ast.Comments {
		for _, comment := range group.List {
			if reason, ok := strings.CutPrefix(comment.Text, orderedMark); ok && strings.TrimSpace(reason) != "" {
				excused[c.tree.line(comment.Pos())] = true
			}
		}
	}
	mapsName := importedAs(f.ast, "maps")
	ast.Inspect(f.ast, func(n ast.Node) bool {
		loop, ok := n.(*ast.RangeStmt)
		if !ok || !isMap(info.TypeOf(loop.X)) && !iteratesMap(loop.X, mapsName) {
			return true
		}
		if line := c.tree.line(loop.Pos()); !excused[line] && !excused[line-1] {
			c.report(KindMapRange, f, loop.Pos(),
				"range in map order: sort the keys, or say why order cannot matter with %sreason", orderedMark)
		}
		return true
	})
}

// isMap says whether values of type t are maps; t may be a type parameter.
func isMap(t types.Type) bool {
	if t == nil {
		return false
	}
	if _, ok := t.Underlying().(*types.Map); ok {
		return true
	}
	param, ok := types.Unalias(t).(*types.TypeParam)
	if !ok {
		return false
	}
	constraint, ok := param.Constraint().Underlying().(*types.Interface)
	if !ok {
		return false
	}
	for embedded := range constraint.EmbeddedTypes() {
		if union, ok := embedded.(*types.Union); ok && union.Len() > 0 {
			embedded = union.Term(0).Type()
		}
		if _, ok := embedded.Underlying().(*types.Map); ok {
			return true
		}
	}
	return false
}

// iteratesMap says whether x is a call whose sequence is in map order.
func iteratesMap(x ast.Expr, mapsName string) bool {
	call, ok := x.(*ast.CallExpr)
	if !ok {
		return false
	}
	switch name, _ := selected(call.Fun, mapsName); name {
	case "All", "Keys", "Values":
		return true
	}
	return false
}

// checkGlobals refuses package-level variables that are, or may become, state.
func (c *checker) checkGlobals(f *file, info *types.Info) {
	for _, decl := range f.ast.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR {
			continue
		}
		for _, spec := range gen.Specs {
			vars := spec.(*ast.ValueSpec)
			for i, name := range vars.Names {
				var value ast.Expr
				if i < len(vars.Values) {
					value = vars.Values[i]
				}
				if !constantInSpirit(name, value, f, info) {
					c.report(KindInit, f, name.Pos(), "package-level var %s: make it a const, a field or an unexported lookup table", name.Name)
				}
			}
		}
	}
}

// constantInSpirit says whether a package-level variable stands in for a
// constant that the language cannot write: an assertion, an error, a table.
func constantInSpirit(name *ast.Ident, value ast.Expr, f *file, info *types.Info) bool {
	if name.Name == "_" {
		return true
	}
	switch value := value.(type) {
	case *ast.CallExpr:
		made, _ := selected(value.Fun, importedAs(f.ast, "errors"))
		return made == "New" && strings.HasPrefix(strings.ToLower(name.Name), "err")
	case *ast.CompositeLit:
		t := info.TypeOf(value)
		if t == nil || name.IsExported() {
			return false
		}
		switch t.Underlying().(type) {
		case *types.Array, *types.Slice, *types.Map:
			return true
		}
	}
	return false
}

// checkGlobalWrites refuses writes to package-level variables: a lookup table
// that is written to is a cache, and a cache is state that no snapshot holds.
func (c *checker) checkGlobalWrites(f *file, info *types.Info) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		var targets []ast.Expr
		switch n := n.(type) {
		case *ast.AssignStmt:
			targets = n.Lhs
		case *ast.IncDecStmt:
			targets = []ast.Expr{n.X}
		case *ast.CallExpr:
			if fn, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && (fn.Name == "delete" || fn.Name == "clear") {
				targets = n.Args[:1]
			}
		}
		for _, target := range targets {
			name := root(target)
			if name == nil {
				continue
			}
			if v, ok := info.Uses[name].(*types.Var); ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
				c.report(KindInit, f, name.Pos(), "writes to the package-level var %s", name.Name)
			}
		}
		return true
	})
}

// root returns the variable that an assignment to x changes, directly or inside.
func root(x ast.Expr) *ast.Ident {
	for {
		switch inner := x.(type) {
		case *ast.Ident:
			return inner
		case *ast.IndexExpr:
			x = inner.X
		case *ast.SelectorExpr:
			x = inner.X
		case *ast.ParenExpr:
			x = inner.X
		case *ast.StarExpr:
			x = inner.X
		default:
			return nil
		}
	}
}
