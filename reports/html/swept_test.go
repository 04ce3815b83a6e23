package html_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/html"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/plots"
)

// sweptPages are the pages of a sweep and of a tornado, with names that are
// hostile.
func sweptPages(t *testing.T) (sweep string, tor *comparison.Tornado, tornado string) {
	t.Helper()
	const hostile = `<img src=x onerror=alert(1)>`
	s := &comparison.Sweep{Name: hostile, Axes: []string{"engine.workers", "engine.sequence"}, Command: "twinwrite sweep day.yaml"}
	for i, v := range []string{"1", "8"} {
		for _, w := range []string{"priority", hostile} {
			s.Add([]string{v, w}, fixture.Point(3, float64(4-2*i), v+w))
		}
	}
	base := fixture.Point(3, 2, "base")
	tor = comparison.NewTornado(hostile, "twinwrite sweep day.yaml --tornado", base)
	tor.Add("engine.workers", "8", "assumed: not published", hostile, fixture.Point(3, 4, "other"))
	tor.Add("engine.poll", "1m", "assumed: not published", "2m", fixture.Point(3, 2, "same"))
	tor.Left = []comparison.Unexamined{{Path: "engine.loss", Value: "0%", Why: "it has no half"}}
	tor.Settle()

	var swept, turned bytes.Buffer
	if err := html.WriteSwept(&swept, s, base.Scenario, plots.Swept(s)); err != nil {
		t.Fatal(err)
	}
	if err := html.WriteTornado(&turned, tor, base.Scenario, []plots.Plot{plots.Tornado(tor)}); err != nil {
		t.Fatal(err)
	}
	return swept.String(), tor, turned.String()
}

// TestSwept: the pages of a sweep and of a tornado hold every sentence, point
// and picture; names are text, and nothing is fetched.
func TestSwept(t *testing.T) {
	t.Parallel()
	swept, tor, tornado := sweptPages(t)
	for name, c := range map[string]struct {
		page string
		want []string
	}{
		"sweep":   {swept, []string{"engine.workers = 8 (with engine.sequence = ", "), time to converge, p99", "turns: fail at engine.workers = 1", "soon", "twinwrite sweep day.yaml", `id="plot-lines"`, `id="plot-heat"`}},
		"tornado": {tornado, []string{"The verdict hangs on engine.workers", "soon is fail, measured", "it has no half", "not shown to move anything", tor.Command, `id="plot-tornado"`}},
	} {
		text := strings.ReplaceAll(foreign(c.page), "\u00a0", " ")
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("the page of the %s does not hold %q", name, want)
			}
		}
		for _, bad := range []string{"<script", "<img", "http://", "https://", "%!", "ZgotmplZ"} {
			if strings.Contains(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), bad) {
				t.Errorf("the page of the %s holds %q", name, bad)
			}
		}
		if tables, captions := strings.Count(text, "<table"), strings.Count(text, "<caption>"); tables < 2 || tables != captions {
			t.Errorf("the %s has %d tables and %d captions", name, tables, captions)
		}
		if pictures := strings.Count(text, "<svg "); pictures == 0 || strings.Count(text, `role="img" aria-label="`) != pictures {
			t.Errorf("the %s has pictures without a name", name)
		}
	}
}
