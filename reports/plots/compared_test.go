package plots

import (
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/internal/golden"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestCompared pins the pictures of comparisons: words in full, drawings by
// digest, also where there is little to draw.
func TestCompared(t *testing.T) {
	t.Parallel()
	two := func(a, b *result.Set) *result.Comparison {
		return &result.Comparison{Settings: []result.Setting{{Name: "a", Set: a}, {Name: "b", Set: b}}}
	}
	many := &result.Comparison{}
	for i := range 9 {
		many.Settings = append(many.Settings, result.Setting{Name: fmt.Sprintf("a setting with a rather long name, number %d", i), Set: fixture.Slower(fixture.Runs(1), float64(i+1))})
	}
	var index strings.Builder
	for _, c := range []struct {
		name string
		of   *result.Comparison
	}{
		{"modes", fixture.Compared(2)},
		{"runs", fixture.Compared(8)},
		{"nothing", two(fixture.None(), fixture.Empty())},
		{"one-change", two(fixture.One(), fixture.None())},
		{"never", two(fixture.Censored(1), fixture.Day())},
		{"many", many},
	} {
		figures := comparison.Of(c.of)
		for _, p := range Compared(c.of, &figures) {
			got := svg(t, p)
			dec := xml.NewDecoder(strings.NewReader(got))
			for {
				if _, err := dec.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%s %s is not XML: %v", c.name, p.Name, err)
				}
			}
			for _, bad := range []string{"NaN", "Inf", "%!"} {
				if strings.Contains(got, bad) {
					t.Errorf("%s %s contains %q", c.name, p.Name, bad)
				}
			}
			var b bytes.Buffer
			if err := p.WritePNG(&b, true); err != nil {
				t.Fatal(err)
			}
			if _, err := png.Decode(&b); err != nil {
				t.Errorf("%s %s: %v", c.name, p.Name, err)
			}
			for _, row := range p.Table.Rows {
				if len(row) != len(p.Table.Head) {
					t.Errorf("%s %s: a row of %d cells under %d heads", c.name, p.Name, len(row), len(p.Table.Head))
				}
			}
			fmt.Fprintf(&index, "%s %s %d bytes %.8x\n  %s\n  %s\n  %s\n", c.name, p.Name, len(got), sha256.Sum256([]byte(got)), p.Title, p.Subtitle, p.Caption)
		}
	}
	golden.Check(t, "compared.txt", index.String())
}
