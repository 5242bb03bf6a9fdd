package webui

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strconv"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/prop"
)

//go:embed status.html
var files embed.FS

// maxRows bounds the tables of the page.
const maxRows = 200

type page struct {
	Network      string
	Version      string
	Summary      view.Summary
	Prices       []view.Price
	Accounts     []view.Account
	Eliminations []view.Elimination
}

// cents shows an amount to the cent; the page's titles and the API have all its digits.
func cents(v fixed.USD) string {
	return strconv.FormatFloat(float64(v)/fixed.USDScale, 'f', 2, 64)
}

// Status is the page at /; now is the node's time.
func Status(v *view.View, network, version string, now func() prop.Instant) (http.Handler, error) {
	t, err := template.New("status.html").Funcs(template.FuncMap{"cents": cents}).ParseFS(files, "status.html")
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p := page{Network: network, Version: version, Summary: v.Summary()}
		p.Prices, _ = v.Prices(now())
		p.Eliminations, _ = v.Eliminations(maxRows)
		entities, _ := v.Entities()
		for _, e := range entities {
			if accounts, _, err := v.Accounts(e.Hotkey, 0, maxRows-len(p.Accounts)); err == nil {
				p.Accounts = append(p.Accounts, accounts...)
			}
		}
		var b bytes.Buffer
		if err := t.Execute(&b, p); err != nil {
			http.Error(w, "the page could not be made", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = b.WriteTo(w) // the reader is gone if this fails
	}), nil
}
