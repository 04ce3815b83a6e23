package plots

import (
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/paint"
)

// placer finds room for labels beside curves. It tries a grid of places over
// the area and takes the one nearest to what the label belongs to, among those
// that cover no curve, no dot and no other label, and are not nearer to
// another curve than to their own. A few thousand places against a few hundred
// points take milliseconds.
type placer struct {
	area   vg.Rectangle
	points [][]vg.Point // per curve, dense: no gap wider than a label is high
	taken  []vg.Rectangle
}

// gap is the least distance between a label and anything else.
const gap = 4 * vg.Length(1)

// leaderFrom is the distance from which a label needs a line to its curve, and
// leaderCross what it costs if that line would run through another curve.
const (
	leaderFrom  = 3 * gap
	leaderCross = 60
)

// farthest is how far a label may stand from its curve; beyond it belongs to
// nothing that a reader could see.
const farthest = 70 * vg.Length(1)

// curve adds a curve; curves are numbered from 0 in the order of adding.
func (pl *placer) curve(points []vg.Point) {
	var dense []vg.Point
	for i, p := range points {
		if i > 0 {
			last := points[i-1]
			n := int(math.Hypot(float64(p.X-last.X), float64(p.Y-last.Y)) / 3)
			for k := 1; k <= n; k++ {
				f := vg.Length(k) / vg.Length(n+1)
				dense = append(dense, vg.Point{X: last.X + (p.X-last.X)*f, Y: last.Y + (p.Y-last.Y)*f})
			}
		}
		dense = append(dense, p)
	}
	pl.points = append(pl.points, dense)
}

// block keeps a rectangle free of labels.
func (pl *placer) block(r vg.Rectangle) { pl.taken = append(pl.taken, r) }

// place finds the top left corner for lines that belong to a curve, and the
// point of the curve nearest to it. It reports false if there is no room.
func (pl *placer) place(curve int, lines []label) (topLeft, nearest vg.Point, ok bool) {
	const step = 5
	size := textBox(lines, vg.Point{})
	w, h := size.Max.X-size.Min.X, size.Max.Y-size.Min.Y
	best := math.Inf(1)
	for y := pl.area.Max.Y - 2; y-h >= pl.area.Min.Y+2; y -= step {
		for x := pl.area.Min.X + 2; x+w <= pl.area.Max.X-2; x += step {
			box := vg.Rectangle{Min: vg.Point{X: x, Y: y - h}, Max: vg.Point{X: x + w, Y: y}}
			if pl.overlaps(box) {
				continue
			}
			own, at := pl.distance(curve, box)
			if own < gap || own > farthest {
				continue
			}
			cost := float64(own)
			free := true
			for other := range pl.points {
				if other == curve {
					continue
				}
				d, _ := pl.distance(other, box)
				if d < gap {
					free = false
					break
				}
				if d < own+6 {
					cost += 3 * float64(own+6-d)
				}
			}
			if free && cost < best && own > leaderFrom && pl.crossesCurve(curve, nearestIn(box, at), at) {
				cost += leaderCross
			}
			if free && cost < best {
				best, topLeft, nearest, ok = cost, vg.Point{X: x, Y: y}, at, true
			}
		}
	}
	return topLeft, nearest, ok
}

func (pl *placer) overlaps(box vg.Rectangle) bool {
	for _, t := range pl.taken {
		if box.Min.X < t.Max.X+gap && t.Min.X < box.Max.X+gap && box.Min.Y < t.Max.Y+gap && t.Min.Y < box.Max.Y+gap {
			return true
		}
	}
	return false
}

// distance of a box from a curve, and the curve's point nearest to it.
func (pl *placer) distance(curve int, box vg.Rectangle) (vg.Length, vg.Point) {
	least, at := vg.Length(math.Inf(1)), vg.Point{}
	for _, p := range pl.points[curve] {
		dx := max(box.Min.X-p.X, 0, p.X-box.Max.X)
		dy := max(box.Min.Y-p.Y, 0, p.Y-box.Max.Y)
		if d := dx + dy; d < least { // as near as it matters, without a root
			least, at = d, p
		}
	}
	return least, at
}

// placed is a block of text that has found its room.
type placed struct {
	lines  []label
	box    vg.Rectangle
	leader [2]vg.Point // from the box to the curve
	far    bool        // the box stands apart from its curve: draw the leader
}

// put finds room for lines beside a curve and keeps it. It reports false if
// there is none.
func (pl *placer) put(curve int, lines []label) (placed, bool) {
	topLeft, nearest, ok := pl.place(curve, lines)
	if !ok {
		return placed{}, false
	}
	box := textBox(lines, topLeft)
	from := nearestIn(box, nearest)
	d, _ := pl.distance(curve, box)
	out := placed{lines: lines, box: box, leader: [2]vg.Point{from, nearest}, far: d > leaderFrom && !pl.crosses(from, nearest) && !pl.crossesCurve(curve, from, nearest)}
	pl.block(box)
	return out, true
}

// crosses is true if the line from a to b runs through a label or a dot other
// than at its ends.
func (pl *placer) crosses(a, b vg.Point) bool {
	for f := vg.Length(.1); f < .9; f += .05 {
		p := vg.Point{X: a.X + (b.X-a.X)*f, Y: a.Y + (b.Y-a.Y)*f}
		for _, t := range pl.taken {
			if p.X > t.Min.X && p.X < t.Max.X && p.Y > t.Min.Y && p.Y < t.Max.Y {
				return true
			}
		}
	}
	return false
}

// crossesCurve is true if the line from a to b runs through another curve than
// its own.
func (pl *placer) crossesCurve(own int, a, b vg.Point) bool {
	for f := vg.Length(0); f <= 1; f += .1 {
		p := vg.Point{X: a.X + (b.X-a.X)*f, Y: a.Y + (b.Y-a.Y)*f}
		for curve := range pl.points {
			if curve == own {
				continue
			}
			if d, _ := pl.distance(curve, vg.Rectangle{Min: p, Max: p}); d < 4 {
				return true
			}
		}
	}
	return false
}

// nearestIn is the point of box nearest to p.
func nearestIn(box vg.Rectangle, p vg.Point) vg.Point {
	return vg.Point{X: min(max(p.X, box.Min.X), box.Max.X), Y: min(max(p.Y, box.Min.Y), box.Max.Y)}
}

// draw writes the text, on a plate of paper if rules may run behind it.
func (p placed) draw(c draw.Canvas, plate bool) {
	if p.far {
		c.StrokeLine2(draw.LineStyle{Color: paint.Faint, Width: .6}, p.leader[0].X, p.leader[0].Y, p.leader[1].X, p.leader[1].Y)
	}
	if plate {
		fill(c, paint.Paper, p.box.Min.X-2, p.box.Min.Y, p.box.Max.X+2, p.box.Max.Y)
	}
	y := p.box.Max.Y
	for _, l := range p.lines {
		y -= lineHeight(l.style)
		write(c, l.style, p.box.Min.X, y+l.style.Font.Size*.32, l.text)
	}
}
