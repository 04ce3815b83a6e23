// Package html writes report.html, the page that architects read: one file
// that needs no network and no other file. Scripts let tables sort and pictures
// grow; without them nothing is missing.
//
// [Write] builds a view of the figures (view.go) and puts it through page.html
// with html/template; [WriteCompared], [WriteSwept] and [WriteTornado] are the
// pages of what is set side by side. What pages share is in parts.html. Whatever comes out of a scenario or a record key is text
// to the template and is escaped there; the only markup that passes as such is
// made here: the pictures of package plots and the style sheet, which the
// page's content security policy admits by its hash, and the script likewise.
package html

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"

	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/plots"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

//go:embed page.html compare.html sweep.html history.html parts.html page.css page.js
var files embed.FS

var page = template.Must(template.New("page.html").Funcs(template.FuncMap{"titled": titled, "slowest": titledSlowest, "bind": words.Bind}).ParseFS(files, "*.html"))

// titled gives a table its caption, for the template "table".
func titled(title string, t table) any {
	return struct {
		Title string
		table
	}{title, t}
}

// titledSlowest gives a table of slow records its caption, the head of its
// spans, and whether rows name their run.
func titledSlowest(title, took string, several bool, t slowest) any {
	return struct {
		Title, Took string
		Several     bool
		slowest
	}{title, took, several, t}
}

// Write writes the page for set; drawn are its plots, in the order of showing.
func Write(w io.Writer, set *result.Set, s summary.Summary, drawn []plots.Plot) error {
	f, err := newFrame("report", set.Scenario.Name, set.Scenario.Name+": "+verdictWord(s.Verdict), set.Scenario.Command, drawn)
	if err != nil {
		return err
	}
	return fill(w, "page.html", newView(set, s, f))
}

// sheet is the page's one style sheet with its one script, and the policy that
// admits nothing else: no request, no other style or script.
var sheet = sync.OnceValue(func() (s struct {
	Style  template.HTML
	Policy string
},
) {
	var b strings.Builder
	for _, f := range []struct {
		weight int
		name   string
	}{{400, "Regular"}, {600, "SemiBold"}} {
		font := mustRead(paint.Fonts, "fonts/Inter-"+f.name+".woff2")
		fmt.Fprintf(&b, "@font-face{font-family:Inter;font-weight:%d;src:url(data:font/woff2;base64,%s) format(\"woff2\")}\n",
			f.weight, base64.StdEncoding.EncodeToString(font))
	}
	b.WriteString(paint.Variables(paint.Shades()))
	b.WriteString(paint.CSS(paint.Shades()))
	b.Write(mustRead(files, "page.css"))
	hash := sha256.Sum256([]byte(b.String()))
	script := string(mustRead(files, "page.js"))
	ran := sha256.Sum256([]byte(script))
	s.Style = template.HTML("<style>" + b.String() + "</style>\n<script>" + script + "</script>")
	s.Policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
		"'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(ran[:]) +
		"'; font-src data:; base-uri 'none'; form-action 'none'"
	return s
})

func mustRead(fs embed.FS, name string) []byte {
	b, err := fs.ReadFile(name)
	if err != nil {
		panic(fmt.Errorf("html: embedded file: %w", err))
	}
	return b
}
