package plots

import (
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"gonum.org/v1/plot/vg"

	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/internal/golden"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// sameInstant is a run whose changes all took equally long.
func sameInstant() *result.Set {
	set := fixture.One()
	r := &set.Runs[0]
	for range 50 {
		r.Convergence = append(r.Convergence, r.Convergence[0])
	}
	return set
}

// demanding is the day with bounds on the time to converge, one of them far away, on
// waits for other records, and demands that are none.
func demanding() *result.Set {
	set := fixture.Day()
	for _, text := range []string{"p95(convergence) < 5m", "p99(convergence) <= 2h", "p95(convergence{map=lines}) < 1m", "max(parked) == 0", "p95(convergence) - p50(convergence) < 1m", "p95(dependency-wait) < 30s", "max(dependency-wait{map=invoices}) < 50m"} {
		set.Expectations = append(set.Expectations, result.Expectation{ID: "x", Text: text, Verdict: result.Pass})
	}
	return set
}

func TestSLOs(t *testing.T) {
	t.Parallel()
	got := slosOf(demanded(demanding()), "convergence")
	if len(got) != 2 || got[0] != (slo{q: .95, bound: 5 * time.Minute, text: "p95(convergence) < 5m"}) || got[1] != (slo{q: .99, bound: 2 * time.Hour, text: "p99(convergence) <= 2h"}) {
		t.Errorf("%+v", got)
	}
	if along := drawnIn(got); len(along) != 1 || along[0].q != .95 {
		t.Errorf("over the day %+v", along)
	}
}

// manyMaps is a scenario with more maps, faults and outcome classes than fit.
func manyMaps() *result.Set {
	set := fixture.Day()
	r := &set.Runs[0]
	for i := range 12 {
		name := fmt.Sprintf("a table map with a rather long name, number %d", i)
		set.Scenario.Maps = append(set.Scenario.Maps, result.Map{Name: name})
		for j := range 30 {
			r.Convergence = append(r.Convergence, result.Sample{Map: uint16(4 + i), Took: time.Duration(j+1+i) * time.Second})
		}
		for _, class := range summary.Classes {
			r.Outcomes = append(r.Outcomes, result.OutcomeCount{Map: name, Side: "dataverse", Class: class, Reason: "x", Count: uint64(i*i + 1)})
		}
		set.Scenario.Faults = append(set.Scenario.Faults, result.Period{
			Kind: "slow", Target: "dataverse", From: 7*time.Hour + time.Duration(i)*time.Minute, To: 8 * time.Hour,
		})
		r.Faults = append(r.Faults, set.Scenario.Faults[len(set.Scenario.Faults)-1])
	}
	return set
}

var cases = []struct {
	name string
	make func() *result.Set
}{
	{"none", fixture.None},
	{"empty", fixture.Empty},
	{"one", fixture.One},
	{"same-instant", sameInstant},
	{"day", fixture.Day},
	{"demanding", demanding},
	{"runs", func() *result.Set { return fixture.Runs(3) }},
	{"interrupted", func() *result.Set { return fixture.Interrupted(2, 200) }},
	{"censored", func() *result.Set { return fixture.Censored(.03) }},
	{"never", func() *result.Set { return fixture.Censored(1) }},
	{"many-maps", manyMaps},
	{"huge", func() *result.Set { return fixture.Huge(100_000) }},
}

func all(set *result.Set) []Plot { return All(set, summary.Of(set)) }

func svg(t *testing.T, p Plot) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestSVG pins every picture of every case: the words in full, the drawing by
// digest and size. One small picture is pinned whole, to show what changed.
func TestSVG(t *testing.T) {
	t.Parallel()
	var index strings.Builder
	for _, c := range cases {
		for _, p := range all(c.make()) {
			got := svg(t, p)
			dec := xml.NewDecoder(strings.NewReader(got))
			for {
				if _, err := dec.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%s %s is not XML: %v", c.name, p.Name, err)
				}
			}
			for _, bad := range []string{"NaN", "Inf", "e+", "e-0", "style=\"", "%!"} {
				if strings.Contains(got, bad) {
					t.Errorf("%s %s contains %q", c.name, p.Name, bad)
				}
			}
			if len(got) > 200_000 {
				t.Errorf("%s %s has %d bytes: a page with it grows too large", c.name, p.Name, len(got))
			}
			fmt.Fprintf(&index, "%s %s %d bytes %.8x\n  %s\n  %s\n  %s\n", c.name, p.Name, len(got), sha256.Sum256([]byte(got)), p.Title, p.Subtitle, p.Caption)
			if c.name == "one" && p.Name == "outcomes" {
				golden.Check(t, "one-outcomes.svg", got)
			}
		}
	}
	golden.Check(t, "pictures.txt", index.String())
}

func TestTablesBehindPlots(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, p := range all(fixture.Day()) {
		fmt.Fprintf(&b, "# %s\n%s\n%s\n", p.Name, p.Table.Note, strings.Join(p.Table.Head, " | "))
		for _, r := range p.Table.Rows {
			if len(r) != len(p.Table.Head) {
				t.Errorf("%s: a row of %d cells under %d heads", p.Name, len(r), len(p.Table.Head))
			}
			b.WriteString(strings.Join(r, " | ") + "\n")
		}
	}
	golden.Check(t, "day-tables.txt", b.String())
}

func TestSameDataSameBytesInParallel(t *testing.T) {
	t.Parallel()
	set := fixture.Runs(2)
	want := all(set)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i, p := range all(set) {
				var a, b bytes.Buffer
				if p.WriteSVG(&a) != nil || want[i].WriteSVG(&b) != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
					t.Errorf("%s differs between two drawings", p.Name)
				}
			}
		})
	}
	group.Wait()
}

func TestPNGInLightAndDark(t *testing.T) {
	t.Parallel()
	p := Outcomes(summary.Of(fixture.Day()))
	for _, dark := range []bool{false, true} {
		var b bytes.Buffer
		if err := p.WritePNG(&b, dark); err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		r, _, _, _ := img.At(3, 3).RGBA()
		if paper := r>>8 > 128; paper == dark {
			t.Errorf("dark %v: the corner has red %#x", dark, r>>8)
		}
	}
}

func TestLabelsNeverCoverCurves(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 3))
	area := vg.Rectangle{Max: vg.Point{X: 560, Y: 280}}
	placed := 0
	for range 40 {
		pl := placer{area: area}
		var curves [][]vg.Point
		for range 1 + random.IntN(6) {
			y := vg.Length(280)
			var points []vg.Point
			for x := vg.Length(0); x <= 560; x += 20 {
				points = append(points, vg.Point{X: x, Y: y})
				y = max(0, y-vg.Length(random.Float64()*40))
			}
			pl.curve(points)
			curves = append(curves, points)
		}
		var boxes []vg.Rectangle
		for i := range curves {
			lines := []label{{"customers", headStyle}, {"p50 1.3s   p99 6.1s", noteStyle}}
			topLeft, _, ok := pl.place(i, lines)
			if !ok {
				continue
			}
			placed++
			box := textBox(lines, topLeft)
			if box.Min.X < area.Min.X || box.Max.X > area.Max.X || box.Min.Y < area.Min.Y || box.Max.Y > area.Max.Y {
				t.Errorf("label %v lies outside %v", box, area)
			}
			for _, other := range boxes {
				if box.Min.X < other.Max.X && other.Min.X < box.Max.X && box.Min.Y < other.Max.Y && other.Min.Y < box.Max.Y {
					t.Errorf("labels %v and %v overlap", box, other)
				}
			}
			for _, c := range curves {
				for k := 1; k < len(c); k++ {
					for f := vg.Length(0); f <= 1; f += .02 {
						p := vg.Point{X: c[k-1].X + (c[k].X-c[k-1].X)*f, Y: c[k-1].Y + (c[k].Y-c[k-1].Y)*f}
						if p.X > box.Min.X && p.X < box.Max.X && p.Y > box.Min.Y && p.Y < box.Max.Y {
							t.Fatalf("label %v covers a curve at %v", box, p)
						}
					}
				}
			}
			pl.block(box)
			boxes = append(boxes, box)
		}
	}
	if placed < 80 {
		t.Errorf("only %d labels were placed", placed)
	}
}

func TestBarWidths(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 4))
	for range 500 {
		r := mix{counts: make([]uint64, 1+random.IntN(9))}
		for i := range r.counts {
			r.counts[i] = uint64(math.Exp(random.Float64()*12)) * uint64(random.IntN(2))
			r.all += r.counts[i]
		}
		if r.all == 0 {
			continue
		}
		var sum vg.Length
		for i, w := range barWidths(r, 150, 3) {
			sum += w
			if (r.counts[i] == 0) != (w == 0) || w > 0 && w < 2.4 {
				t.Fatalf("%v: class %d of %d is %v wide", r.counts, i, r.counts[i], w)
			}
		}
		if math.Abs(float64(sum-150)) > 1e-6 {
			t.Fatalf("%v: the bar is %v wide, want 150", r.counts, sum)
		}
	}
}

func TestTicks(t *testing.T) {
	t.Parallel()
	text := func(ts []tick) string {
		var labels []string
		for _, t := range ts {
			labels = append(labels, t.label)
		}
		return strings.Join(labels, " ")
	}
	start := time.Date(2011, 10, 31, 8, 29, 0, 0, time.UTC)
	for _, c := range []struct{ name, got, want string }{
		{"spans of a day", text(spanTicks(300*time.Millisecond, 5*time.Minute)), "100ms 1s 10s 1m 10m"},
		{"one span", text(spanTicks(1500*time.Millisecond, 1500*time.Millisecond)), "1s 10s"},
		{"on a tick", text(spanTicks(time.Second, time.Second)), "1s 10s"},
		{"beyond all", text(spanTicks(time.Nanosecond, 400*24*time.Hour)), "1µs 10µs 100µs 1ms 10ms 100ms 1s 10s 1m 10m 1h 6h 1d 7d 30d"},
		{"counts", text(countTicks(1231)), "0 500 1,000 1,500"},
		{"few", text(countTicks(2)), "0 1 2"},
		{"none", text(countTicks(0)), "0 1"},
		{"a day", text(clockTicks(start, 9*time.Hour, 10)), "09:00 10:00 11:00 12:00 13:00 14:00 15:00 16:00 17:00"},
		{"a night", text(clockTicks(start.Add(12*time.Hour), 8*time.Hour, 10)), "21:00 22:00 23:00 1 Nov 01:00 02:00 03:00 04:00"},
		{"a minute", text(clockTicks(start, time.Minute, 5)), "08:29:00 08:29:15 08:29:30 08:29:45 08:30:00"},
		{"elapsed", text(elapsedTicks(6*time.Minute+10*time.Second, 6)), "0s 1m 2m 3m 4m 5m 6m"},
		{"shares", text(shareTicks(.0004)), "100 % 10 % 1 % 0.1 % 0.01 %"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}

func TestUnknownColoursAreRefused(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a colour without a dark value was accepted")
		}
	}()
	newSVG("x", 10, 10).SetColor(paint.Ink.InDark())
}
