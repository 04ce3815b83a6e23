package plots

import (
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// strip is one of the panels that stand above each other over the same stretch of
// calendar time, with the faults behind all of them.
type strip struct {
	name, unit string
	demands    []string  // on what is shown, where they are no level of its axis
	height     vg.Length // of the data area
	ys         []tick    // its axis goes from the first to the last
	log        bool
	draw       func(pn panel)
}

const (
	stripHead = 34 * vg.Length(1) // above each strip
	stripFoot = 26 * vg.Length(1) // below the last
	faultRow  = 15 * vg.Length(1) // a line of fault labels

	stripLeft, stripRight = 52, 12 // beside the data area
)

// stripsHeight is how high a picture of strips is.
func stripsHeight(lanes lanes, strips ...strip) vg.Length {
	h := vg.Length(lanes.count)*faultRow + 4 + stripFoot
	for _, s := range strips {
		h += stripHead + s.height
	}
	return h
}

// drawStrips draws all frames before any data, so that the labels of faults lie on
// no line.
func drawStrips(c draw.Canvas, sc result.Scenario, lanes lanes, end time.Duration, strips ...strip) {
	top := c.Max.Y - vg.Length(lanes.count)*faultRow - 4
	xs := clockTicks(sc.Start, end, 10)
	panels := make([]panel, len(strips))
	upper := top
	for i, s := range strips {
		upper -= stripHead
		area := vg.Rectangle{Min: vg.Point{X: c.Min.X + stripLeft, Y: upper - s.height}, Max: vg.Point{X: c.Max.X - stripRight, Y: upper}}
		upper -= s.height
		p := plot.New()
		if s.log {
			p.Y.Scale = plot.LogScale{}
		}
		p.X.Min, p.X.Max = 0, end.Seconds()
		p.Y.Min, p.Y.Max = s.ys[0].at, s.ys[len(s.ys)-1].at
		pn := newPanel(c, area, p)
		for _, f := range lanes.faults {
			f.shade(pn, area.Max.Y+stripHead-6)
		}
		pn.rules(xs, s.ys, i == len(strips)-1)
		pn.head(s.name, s.unit)
		pn.demandsBeside(s)
		panels[i] = pn
	}
	lanes.draw(panels[0], top)
	for i, s := range strips {
		s.draw(panels[i])
	}
}

// demandsBeside writes the demands of a strip at the right of its head.
func (p panel) demandsBeside(s strip) {
	if len(s.demands) == 0 {
		return
	}
	from := p.c.Min.X + measure(headStyle, s.name) + 5 + measure(unitStyle, s.unit) + 20
	text := fit(sloStyle, "demanded: "+strings.Join(s.demands, "; "), p.c.Max.X-from)
	write(p.c, aligned(sloStyle, draw.XRight), p.c.Max.X, p.c.Max.Y+9, text)
}

// demandedBeside says, where strips have demands, in which colour.
func demandedBeside(strips []strip) string {
	for _, s := range strips {
		if len(s.demands) > 0 {
			return " Red: what the scenario demands of a run as a whole."
		}
	}
	return ""
}
