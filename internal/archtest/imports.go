package archtest

import (
	"go/ast"
	"strings"
)

// checkImports holds a production file to the row of its package.
func (c *checker) checkImports(p *pkg, f *file) {
	if !p.known {
		return // the missing row is reported once, not once per import
	}
	for _, spec := range f.ast.Imports {
		name := importPath(spec)
		first, _, _ := strings.Cut(name, "/")
		if rel, ok := c.tree.inModule(name); ok {
			c.checkProjectImport(p, f, spec, rel)
		} else if !strings.Contains(first, ".") { // only a standard path has no host
			if !p.row.mayImportStd(name) {
				c.report(KindStd, f, spec.Pos(), "%s is %s and may not import %s", p.dir, p.row.class, name)
			}
		} else if !p.row.mayImportThirdParty(name) {
			c.report(KindStd, f, spec.Pos(), "%s is %s and may not import the third-party %s", p.dir, p.row.class, name)
		}
	}
}

func (c *checker) checkProjectImport(p *pkg, f *file, spec *ast.ImportSpec, rel string) {
	if _, known := lookup(rel); !known {
		c.report(KindImport, f, spec.Pos(), "%s has no row in the table of internal/archtest/table.go", rel)
		return
	}
	if !p.row.mayImport(rel) {
		c.report(KindImport, f, spec.Pos(), "%s may not import %s", p.dir, rel)
	}
}

// checkTestBranch keeps knowledge of tests out of production code: a branch that
// only a test takes, or only a test leaves out, is code that nobody tested.
func (c *checker) checkTestBranch(p *pkg, f *file) {
	if p.row.class != Test {
		for _, spec := range f.ast.Imports {
			if name := importPath(spec); name == "testing" || strings.HasPrefix(name, "testing/") {
				c.report(KindTestBranch, f, spec.Pos(), "production code imports %s", name)
			}
		}
	}
	testingName := importedAs(f.ast, "testing")
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if name, ok := selected(n, testingName); ok && name == "Testing" {
			c.report(KindTestBranch, f, n.Pos(), "asks whether it runs under test: pass what differs as an argument")
		}
		return true
	})
}
