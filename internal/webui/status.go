package webui

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"

	"github.com/propnet/propnet/internal/view"
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

// Status is the page at /.
func Status(v *view.View, network, version string) (http.Handler, error) {
	t, err := template.ParseFS(files, "status.html")
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p := page{Network: network, Version: version, Summary: v.Summary()}
		p.Prices, _ = v.Prices()
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
