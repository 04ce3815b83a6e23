package html_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"html"
	"regexp"
	"strings"
	"testing"

	page "github.com/twinwrite/twinwrite/reports/html"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/internal/golden"
	"github.com/twinwrite/twinwrite/reports/plots"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

func write(t *testing.T, set *result.Set) string {
	t.Helper()
	var b bytes.Buffer
	s := summary.Of(set)
	if err := page.Write(&b, set, s, plots.All(set, s)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	style  = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	script = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
	svg    = regexp.MustCompile(`(?s)<svg .*?</svg>`)
	tag    = regexp.MustCompile(`<(/?[a-z0-9]+)[^>]*>`)
	blanks = regexp.MustCompile(`[ \t]*\n\s*`)
)

// foreign is a page without its own style sheet and its own script.
func foreign(doc string) string {
	if at := script.FindStringIndex(doc); at != nil {
		doc = doc[:at[0]] + doc[at[1]:]
	}
	return style.ReplaceAllString(doc, "")
}

// text is what a reader reads: each block on a line, without pictures.
func text(doc string) string {
	doc = svg.ReplaceAllString(foreign(doc), "[picture]")
	doc = tag.ReplaceAllStringFunc(doc, func(t string) string {
		switch name := tag.FindStringSubmatch(t)[1]; name {
		case "td", "/td", "/th", "span", "em", "b", "/b", "code", "/code", "time", "/time", "/dt", "strong", "/strong", "/span":
			return " "
		case "h1", "h2", "h3":
			return "\n" + strings.Repeat("#", int(name[1]-'0')) + " "
		}
		return "\n"
	})
	doc = regexp.MustCompile(`[ \t]+`).ReplaceAllString(html.UnescapeString(doc), " ")
	return strings.TrimSpace(blanks.ReplaceAllString(doc, "\n")) + "\n"
}

func TestText(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]*result.Set{
		"none": fixture.None(), "empty": fixture.Empty(), "day": fixture.Day(), "broken": fixture.Broken(), "runs": fixture.Runs(2), "panicked": fixture.Panicked(),
		"live": fixture.Live(2), "copied": fixture.Copied(1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden.Check(t, name+".txt", text(write(t, set)))
		})
	}
}

// TestOneFileWithoutNetwork checks what makes the page safe to mail.
func TestOneFileWithoutNetwork(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]*result.Set{"broken": fixture.Broken(), "huge": fixture.Huge(100_000), "runs": fixture.Runs(5)} {
		doc := write(t, set)
		if len(doc) > 2_000_000 {
			t.Errorf("%s: %d bytes, more than 2 MB", name, len(doc))
		}
		sheet := style.FindStringSubmatch(doc)
		if sheet == nil || strings.Count(doc, "<style") != 1 {
			t.Fatalf("%s: want exactly one style sheet", name)
		}
		hash := sha256.Sum256([]byte(sheet[1]))
		policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(doc)
		if policy == nil {
			t.Fatalf("%s: no content security policy", name)
		}
		allowed := html.UnescapeString(policy[1])
		ran := script.FindStringSubmatch(doc)
		if ran == nil || strings.Index(doc, "<script") > strings.Index(doc, "<body") {
			t.Fatalf("%s: the first script is not the page's own", name)
		}
		code := sha256.Sum256([]byte(ran[1]))
		for _, part := range []string{"default-src 'none'", "script-src 'sha256-" + base64.StdEncoding.EncodeToString(code[:]) + "'", "style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'", "base-uri 'none'"} {
			if !strings.Contains(allowed, part) {
				t.Errorf("%s: the policy %q lacks %q", name, allowed, part)
			}
		}
		rest := foreign(doc)
		for _, bad := range []string{"<script", "javascript:", " style=", "http://", "https://", "<img", "<link", "<iframe", "onclick", "ZgotmplZ"} {
			if strings.Contains(strings.ToLower(rest), strings.ToLower(bad)) {
				t.Errorf("%s: the page contains %q", name, bad)
			}
		}
		if urls := regexp.MustCompile(`url\((.{0,15})`).FindAllStringSubmatch(sheet[1], -1); len(urls) != 2 {
			t.Errorf("%s: %d urls in the style sheet, want the two fonts", name, len(urls))
		}
	}
}

const hostile = `"'></title></style><script>alert(1)</script><svg onload=alert(2)>&amp;{{.}}` + "\u202e"

// TestHostileText puts markup wherever a scenario or a record can put text.
func TestHostileText(t *testing.T) {
	t.Parallel()
	set := fixture.Broken()
	sc := &set.Scenario
	sc.Name, sc.Purpose, sc.Mode, sc.Hash, sc.Model, sc.Primary, sc.Command = hostile, hostile, hostile, hostile, hostile, hostile, hostile
	for i := range sc.Maps {
		sc.Maps[i] = result.Map{Name: hostile + sc.Maps[i].Name, FinOps: hostile, Dataverse: hostile}
	}
	for i := range sc.Faults {
		sc.Faults[i].Note, sc.Faults[i].Kind, sc.Faults[i].Target = hostile, hostile, hostile
	}
	for i := range sc.Inputs {
		sc.Inputs[i] = result.Input{Path: hostile, Value: hostile, Default: "x", Given: i%2 == 0, Source: "assumed: " + hostile}
	}
	r := &set.Runs[0]
	r.Digest, r.Incomplete = hostile, hostile
	for i := range r.Maps {
		r.Maps[i].Map = hostile + r.Maps[i].Map
	}
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		o.Map, o.Reason, o.Class, o.Side = hostile+o.Map, hostile, hostile, hostile
	}
	for i := range r.Errors {
		r.Errors[i] = result.ErrorCount{Class: hostile, Reason: hostile, Map: hostile, Message: hostile, Example: hostile, Count: 1}
	}
	for i := range r.Properties {
		p := &r.Properties[i]
		p.ID, p.Contract, p.Note = hostile, hostile, hostile
		p.Examples = []result.Violation{{Record: hostile, Message: hostile}}
		p.Verdict = result.Verdict(hostile)
	}
	for i := range r.Series {
		r.Series[i].Unit = hostile
	}
	for i := range r.Worst {
		w := &r.Worst[i]
		w.Record, w.Map, w.Side, w.Why = hostile, hostile, hostile, []result.Reason{{What: hostile}}
	}
	for i := range r.Story {
		r.Story[i].Title, r.Story[i].Side = hostile, hostile
	}
	doc := write(t, set)
	rest := foreign(doc)
	for _, bad := range []string{"<script", "<svg onload", "</title></style>"} {
		if strings.Contains(rest, bad) {
			t.Errorf("the page contains %q unescaped", bad)
		}
	}
	if n := strings.Count(rest, "&lt;script&gt;"); n < 100 {
		t.Errorf("only %d hostile texts reached the page: the test does not test", n)
	}
	// Nothing opened or closed an element that is not the page's own.
	if got, want := tags(rest), tags(foreign(write(t, fixture.Broken()))); got["script"] != 0 || got["title"] != want["title"] || got["svg"] != want["svg"] {
		t.Errorf("elements: %v, want as in %v", got, want)
	}
}

func tags(doc string) map[string]int {
	n := map[string]int{}
	for _, m := range tag.FindAllStringSubmatch(doc, -1) {
		n[m[1]]++
	}
	return n
}

// TestStructure checks what a screen reader and a keyboard need: headings that
// skip no level, captions, names, unique ids, and links that lead somewhere.
func TestStructure(t *testing.T) {
	t.Parallel()
	doc := write(t, fixture.Day())
	level := 0
	for _, m := range regexp.MustCompile(`<h([1-6])`).FindAllStringSubmatch(doc, -1) {
		next := int(m[1][0] - '0')
		if next > level+1 {
			t.Errorf("a heading of level %d follows one of level %d", next, level)
		}
		level = next
	}
	if tables, captions := strings.Count(doc, "<table"), strings.Count(doc, "<caption>"); tables < 8 || tables != captions {
		t.Errorf("%d tables, %d captions", tables, captions)
	}
	if pictures, named := strings.Count(doc, "<svg "), strings.Count(doc, `role="img" aria-label="`); pictures != 11 || named != pictures {
		t.Errorf("%d pictures, %d with a name", pictures, named)
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(doc, -1) {
		if ids[m[1]] {
			t.Errorf("the id %q occurs twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`(?:href="#|aria-labelledby=")([^"]*)"`).FindAllStringSubmatch(doc, -1) {
		if !ids[m[1]] {
			t.Errorf("a reference leads to %q, which does not exist", m[1])
		}
	}
	// Every element that is opened is closed, in order.
	strict := regexp.MustCompile(`<(meta|br)([^>]*)>`).ReplaceAllString(strings.Replace(doc, "<!doctype html>", "", 1), "<$1$2/>")
	strict = foreign(strict)
	dec := xml.NewDecoder(strings.NewReader(strict))
	dec.Entity = xml.HTMLEntity
	for {
		if _, err := dec.Token(); err != nil {
			if err.Error() != "EOF" {
				t.Errorf("not well formed: %v", err)
			}
			break
		}
	}
}

func TestSameSetSameBytes(t *testing.T) {
	t.Parallel()
	if a, b := write(t, fixture.Runs(2)), write(t, fixture.Runs(2)); a != b {
		t.Error("two pages of the same results differ")
	}
}

// TestManyRuns: a page of thousands of runs stays small, and those that do not hold
// are among the runs that it lists.
func TestManyRuns(t *testing.T) {
	t.Parallel()
	set := fixture.Runs(2)
	whole := set.Runs[0]
	whole.Convergence, whole.Waits, whole.Worst = whole.Convergence[:3], whole.Waits[:3], nil
	set.Runs = nil
	for i := range 5000 {
		r := whole
		if r.Index = i; i%1000 == 999 {
			r.Properties = []result.Property{{ID: "converged", Contract: "both sides agree", Verdict: result.Fail, Checked: 1, Violations: 1}}
		}
		set.Runs = append(set.Runs, r)
	}
	var b bytes.Buffer
	if err := page.Write(&b, set, summary.Of(set), []plots.Plot{plots.Backlog(set)}); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 1_500_000 {
		t.Errorf("the page of %d runs has %d bytes", len(set.Runs), b.Len())
	}
	if lines := strings.Count(b.String(), `<i data-run="`); lines != 500 {
		t.Errorf("%d runs have a line of their own, want those that are listed", lines)
	}
	for _, text := range []string{"500 of 5,000 runs by themselves", `<th scope="row" class="n">999</th>`, `<th scope="row" class="n">4,999</th>`} {
		if !strings.Contains(b.String(), text) {
			t.Errorf("the page does not have %q", text)
		}
	}
}
