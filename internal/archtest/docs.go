package archtest

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// checkPackageComment asks each package to say what it is for.
func (c *checker) checkPackageComment(p *pkg) {
	longest, at := 0, (*file)(nil)
	for _, f := range p.files {
		if f.test || f.ast.Doc == nil {
			continue
		}
		if n := textLines(f.ast.Doc.Text()); n > longest {
			longest, at = n, f
		}
	}
	switch {
	case at == nil:
		c.reportAt(KindDoc, path.Join(p.dir, "doc.go"), 1, "package %s has no package comment: write it here", p.dir)
	case longest < minPackageDocs && strings.HasPrefix(p.dir, "internal/"):
		c.report(KindDoc, at, at.ast.Doc.Pos(), "package comment of %d lines: say purpose, what it must never do, where to start (%d or more)",
			longest, minPackageDocs)
	}
}

func textLines(text string) int {
	count := 0
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			count++
		}
	}
	return count
}

const (
	findsFile    = "CONTRIBUTING.md"
	findsHeading = "30 seconds"
)

var codeSpan = regexp.MustCompile("`([^`]+)`")

// checkFinds holds CONTRIBUTING.md to its promise: each file that its table
// names is there.
func (c *checker) checkFinds() error {
	data, err := os.ReadFile(filepath.Join(c.tree.root, findsFile))
	if errors.Is(err, fs.ErrNotExist) {
		c.reportAt(KindTable30, findsFile, 1, "missing: it holds the table of where things are")
		return nil
	}
	if err != nil {
		return err
	}
	heading, rows := findsTable(string(data))
	if heading == 0 {
		c.reportAt(KindTable30, findsFile, 1, "no heading contains %q", findsHeading)
		return nil
	}
	named := 0
	for _, r := range rows {
		for _, span := range codeSpan.FindAllStringSubmatch(r.text, -1) {
			if !isPath(span[1]) {
				continue
			}
			named++
			if !c.tree.exists(span[1]) {
				c.reportAt(KindTable30, findsFile, r.line, "%s does not exist (paths are relative to the root)", span[1])
			}
		}
	}
	if named == 0 {
		c.reportAt(KindTable30, findsFile, heading, "the table under this heading names no file")
	}
	return nil
}

// tableRow is a line of a Markdown table.
type tableRow struct {
	line int
	text string
}

// findsTable returns the line of the first heading that contains findsHeading, 0
// if there is none, and the table rows between it and the next heading.
func findsTable(text string) (heading int, rows []tableRow) {
	fenced := false
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		switch {
		case fenced: // a # in an example is a shell comment, not a heading
		case strings.HasPrefix(line, "#"):
			if heading > 0 {
				return heading, rows
			}
			if strings.Contains(strings.ToLower(line), findsHeading) {
				heading = number
			}
		case heading > 0 && strings.HasPrefix(line, "|"):
			rows = append(rows, tableRow{line: number, text: line})
		}
	}
	return heading, rows
}

// isPath tells the name of a file from a command, a route, an identifier or a
// setting, all of which stand in backticks too.
func isPath(span string) bool {
	if strings.ContainsAny(span, " \t=") || strings.HasPrefix(span, "/") || strings.HasPrefix(span, "-") || strings.Contains(span, "://") {
		return false
	}
	extensions := []string{".go", ".md", ".mod", ".sum", ".toml", ".yaml", ".yml", ".json", ".sql", ".txt", ".sh", ".ts", ".html"}
	return strings.Contains(span, "/") || span == "Makefile" || slices.Contains(extensions, path.Ext(span))
}

// exists says whether a path or pattern names something inside the tree.
func (t *tree) exists(rel string) bool {
	local := filepath.FromSlash(rel)
	if !filepath.IsLocal(local) {
		return false
	}
	// Glob also serves plain names; a malformed pattern names nothing.
	matches, err := filepath.Glob(filepath.Join(t.root, local))
	return err == nil && len(matches) > 0
}
