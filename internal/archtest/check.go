package archtest

import (
	"cmp"
	"fmt"
	"go/token"
	"slices"
)

// Kind names a check. The package comment says what each is for.
type Kind string

// The kinds of violation.
const (
	KindImport      Kind = "import"
	KindStd         Kind = "std"
	KindConcurrency Kind = "concurrency"
	KindFloat       Kind = "float"
	KindClock       Kind = "clock"
	KindSize        Kind = "size"
	KindInit        Kind = "init"
	KindDoc         Kind = "doc"
	KindTable30     Kind = "table30"
	KindTestBranch  Kind = "testbranch"
	KindMapRange    Kind = "maprange"
)

// Violation is one place where the tree departs from the architecture.
type Violation struct {
	Kind   Kind
	File   string // relative to the root, with slashes
	Line   int
	Detail string // what is wrong and what to do instead
}

// String gives the violation in the form that editors turn into a link.
func (v Violation) String() string {
	return fmt.Sprintf("%s:%d %s %s", v.File, v.Line, v.Kind, v.Detail)
}

// checker collects the violations of one tree.
type checker struct {
	tree  *tree
	found []Violation
}

// Check reads the module at root and returns what violates the architecture,
// ordered by file and line. It fails only if the tree cannot be read or parsed.
func Check(root string) ([]Violation, error) {
	t, err := load(root)
	if err != nil {
		return nil, err
	}
	c := &checker{tree: t}
	res := newResolver(t)
	for _, p := range t.pkgs {
		c.checkPackage(p)
		for _, f := range p.files {
			c.checkAnyFile(f)
			if !f.test {
				c.checkProductionFile(p, f)
			}
		}
		if p.row.class == Core {
			c.checkCore(p, res.resolve(p))
		}
	}
	if err := c.checkFinds(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(c.found, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Kind, b.Kind))
	})
	return c.found, nil
}

// checkPackage runs the checks that a package answers as a whole.
func (c *checker) checkPackage(p *pkg) {
	if !p.known {
		f := p.files[0]
		c.report(KindImport, f, f.ast.Package, "package %s has no row in the table of internal/archtest/table.go", p.dir)
	}
	c.checkPackageComment(p)
	c.checkInterfaces(p)
}

// checkAnyFile runs the checks that hold for tests too.
func (c *checker) checkAnyFile(f *file) {
	c.checkFileSize(f)
	c.checkPackageName(f)
	c.checkInitFuncs(f)
	c.checkClock(f)
}

// checkProductionFile runs the checks of files that end up in a program.
func (c *checker) checkProductionFile(p *pkg, f *file) {
	c.checkImports(p, f)
	c.checkTestBranch(p, f)
	if p.row.class.pure() {
		c.checkFuncSize(f)
		if !p.row.floats {
			c.checkFloats(f)
		}
	}
	if p.row.class == Core {
		c.checkConcurrency(f)
	}
}

// report records a violation at a place in a Go file.
func (c *checker) report(kind Kind, f *file, pos token.Pos, format string, args ...any) {
	c.reportAt(kind, f.path, c.tree.line(pos), format, args...)
}

// reportAt records a violation at a line of any file, or of one that is missing.
func (c *checker) reportAt(kind Kind, path string, line int, format string, args ...any) {
	c.found = append(c.found, Violation{Kind: kind, File: path, Line: line, Detail: fmt.Sprintf(format, args...)})
}
