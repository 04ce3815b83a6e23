package plots

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"

	"github.com/twinwrite/twinwrite/reports/words"
)

// RunLine is the line of one run in a picture of many. A page draws it when its
// reader picks the run; a file has no reader to ask, and leaves it out.
type RunLine struct {
	Run  string // as tables write it
	Path string // of SVG
}

// keeper is a canvas that keeps the lines of runs aside.
type keeper interface {
	keep(run int, line []vg.Point)
}

// alone keeps a run's line aside, on a canvas that does.
func (p panel) alone(run int, line []vg.Point) {
	if k, ok := p.c.Canvas.(keeper); ok && len(line) > 1 {
		k.keep(run, line)
	}
}

// alonePoint is how far apart the points of a run's line are at least: there may be
// hundreds of lines, and the picture's own are exact.
const alonePoint = 3 * vg.Length(1)

// keep adds a line to that of its run. Coordinates are whole points, each counted
// from the one before.
func (c *svgCanvas) keep(run int, line []vg.Point) {
	var b strings.Builder
	var lastX, lastY int
	for i, q := range line {
		fx, fy := c.state.point(q)
		x, y := int(math.Round(fx)), int(math.Round(fy))
		dx, dy := strconv.Itoa(x-lastX), strconv.Itoa(y-lastY)
		switch {
		case i == 0:
			b.WriteString("M" + dx + "," + dy)
		case x == lastX && y == lastY:
		case y == lastY:
			b.WriteString("h" + dx)
		case x == lastX:
			b.WriteString("v" + dy)
		default:
			b.WriteString("l" + dx + "," + dy)
		}
		lastX, lastY = x, y
	}
	name := words.Count(run)
	for i := range c.lines {
		if c.lines[i].Run == name {
			c.lines[i].Path += b.String()
			return
		}
	}
	c.lines = append(c.lines, RunLine{name, b.String()})
}
