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
	plate  bool // labels stand on paper, over rules and grid
}

// gap is the least distance between a label and anything else.
const gap = 4 * vg.Length(1)

// farthest is how far a label may stand from its curve; beyond it belongs to
// nothing that a reader could see.
const farthest = 70 * vg.Length(1)

// curve adds a curve and returns its number.
func (pl *placer) curve(points []vg.Point) int {
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
	return len(pl.points) - 1
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

// put places lines beside a curve and writes them, with a thin line to the
// curve where they stand apart from it. It reports false if there is no room.
func (pl *placer) put(c draw.Canvas, curve int, lines []label) bool {
	topLeft, nearest, ok := pl.place(curve, lines)
	if !ok {
		return false
	}
	box := textBox(lines, topLeft)
	pl.block(box)
	if d, _ := pl.distance(curve, box); d > 3*gap {
		from := vg.Point{X: min(max(nearest.X, box.Min.X), box.Max.X), Y: min(max(nearest.Y, box.Min.Y), box.Max.Y)}
		c.StrokeLine2(draw.LineStyle{Color: paint.Faint, Width: .6}, from.X, from.Y, nearest.X, nearest.Y)
	}
	if pl.plate {
		fill(c, paint.Paper, box.Min.X-2, box.Min.Y, box.Max.X+2, box.Max.Y)
	}
	y := topLeft.Y
	for _, l := range lines {
		y -= lineHeight(l.style)
		write(c, l.style, topLeft.X, y+l.style.Font.Size*.32, l.text)
	}
	return true
}
