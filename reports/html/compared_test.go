package html_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/html"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/plots"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

func compared(t *testing.T, c *result.Comparison) string {
	t.Helper()
	f := comparison.Of(c)
	var b bytes.Buffer
	if err := html.WriteCompared(&b, c, f, plots.Compared(c, &f)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestCompared: the page holds every figure and sentence, names are text, and
// nothing is fetched.
func TestCompared(t *testing.T) {
	t.Parallel()
	c := fixture.Compared(3)
	got := foreign(compared(t, c))
	figures := comparison.Of(c)
	for _, f := range figures.Figures {
		if !strings.Contains(got, f.Name) {
			t.Errorf("the page does not name %s", f.Name)
		}
	}
	for _, want := range []string{"Live and integrator against async", "Advice by table map", "To decide: <code>", "What was assumed", "It loses changes", "95\u00a0% interval", c.Command, "Half of the changes converge within", "paired, correlation", "<svg"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	for _, bad := range []string{"<script", "http://", "https://", "%!", "ZgotmplZ"} {
		if strings.Contains(strings.ReplaceAll(got, "http://www.w3.org/2000/svg", ""), bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	c.Name, c.Settings[1].Name = `<img src=x onerror=alert(1)>`, `<b>live</b>`
	if got := compared(t, c); strings.Contains(got, "<img") || strings.Contains(got, "<b>live") {
		t.Error("a name is taken for markup")
	}
	if again := compared(t, c); again != compared(t, c) {
		t.Error("the same comparison gives another page")
	}
}
