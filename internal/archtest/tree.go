package archtest

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// tree is the parsed source of one module.
type tree struct {
	root   string
	module string // import path of the root
	fset   *token.FileSet
	pkgs   []*pkg // in the order of their directories
	byDir  map[string]*pkg
}

// pkg is one directory with Go files: the package, its tests and its external tests.
type pkg struct {
	dir   string // relative to the root, with slashes
	row   row
	known bool // has a row
	files []*file
}

// file is one Go file.
type file struct {
	path  string // relative to the root, with slashes
	test  bool
	lines int
	ast   *ast.File
}

// load reads and parses every Go file under root, whatever its build tags, with
// os functions only: they are what the test cache watches.
func load(root string) (*tree, error) {
	module, err := moduleName(root)
	if err != nil {
		return nil, err
	}
	t := &tree{root: root, module: module, fset: token.NewFileSet(), byDir: map[string]*pkg{}}
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if skipDir(rel) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") || ignored(path.Base(rel)) {
			return nil
		}
		return t.add(rel)
	})
	if err != nil {
		return nil, fmt.Errorf("archtest: read the tree: %w", err)
	}
	return t, nil
}

// add parses the file at rel into its package.
func (t *tree) add(rel string) error {
	src, err := os.ReadFile(filepath.Join(t.root, filepath.FromSlash(rel)))
	if err != nil {
		return err
	}
	parsed, err := parser.ParseFile(t.fset, rel, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	dir := path.Dir(rel)
	p := t.byDir[dir]
	if p == nil {
		p = &pkg{dir: dir}
		p.row, p.known = lookup(dir)
		t.byDir[dir] = p
		t.pkgs = append(t.pkgs, p)
	}
	lines := bytes.Count(src, []byte("\n"))
	if len(src) > 0 && src[len(src)-1] != '\n' {
		lines++
	}
	p.files = append(p.files, &file{path: rel, test: strings.HasSuffix(rel, "_test.go"), lines: lines, ast: parsed})
	return nil
}

// line returns the line of pos as it is in the file: a //line comment could
// otherwise send the reader, or an exemption, somewhere else.
func (t *tree) line(pos token.Pos) int { return t.fset.PositionFor(pos, false).Line }

// inModule returns the path of an imported package relative to the root, if the
// package is one of the project.
func (t *tree) inModule(importPath string) (string, bool) {
	if importPath == t.module {
		return ".", true
	}
	return strings.CutPrefix(importPath, t.module+"/")
}

// moduleName reads the module's path from root's go.mod.
func moduleName(root string) (string, error) {
	data, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("archtest: find the module: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "module" {
			return strings.Trim(fields[1], `"`), nil
		}
	}
	return "", errors.New("archtest: go.mod names no module")
}

// skipDir says which directories hold no source of the module; web/ is the
// dashboard's, which has its own checks.
func skipDir(rel string) bool {
	base := path.Base(rel)
	return rel != "." && ignored(base) || rel == "web" || base == "testdata" || base == "node_modules"
}

// ignored says which names a build ignores too.
func ignored(base string) bool {
	return strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")
}

// importPath returns the path that an import names.
func importPath(spec *ast.ImportSpec) string {
	name, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value // the parser lets none through
	}
	return name
}

// importedAs returns the name by which the file knows a standard package, or ""
// if it does not import it.
func importedAs(f *ast.File, std string) string {
	for _, spec := range f.Imports {
		if importPath(spec) != std {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(std)
	}
	return ""
}

// selected returns the name after the dot if n is a selector on the package
// that the file knows as pkgName.
func selected(n ast.Node, pkgName string) (string, bool) {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok || pkgName == "" {
		return "", false
	}
	id, ok := sel.X.(*ast.Ident)
	if !ok || id.Name != pkgName {
		return "", false
	}
	return sel.Sel.Name, true
}
