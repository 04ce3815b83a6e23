package plots

import (
	"fmt"
	"image/color"
	"io"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/twinwrite/twinwrite/reports/paint"
)

// dotsPerInch of PNG files: twice what screens without scaling show.
const dotsPerInch = 144

// WritePNG writes the whole picture as PNG, for places that take no SVG.
func (p Plot) WritePNG(w io.Writer, dark bool) error {
	f := p.frame()
	c := raster{vgimg.NewWith(vgimg.UseWH(width, f.height), vgimg.UseDPI(dotsPerInch)), dark}
	f.render(draw.New(c))
	if _, err := (vgimg.PngCanvas{Canvas: c.Canvas}).WriteTo(w); err != nil {
		return fmt.Errorf("write %s.png: %w", p.Name, err)
	}
	return nil
}

// raster is gonum's image canvas with dark values and bearable stroking.
type raster struct {
	*vgimg.Canvas
	dark bool
}

func (c raster) SetColor(col color.Color) {
	if s, ok := col.(paint.Shade); ok && c.dark {
		col = s.InDark()
	}
	c.Canvas.SetColor(col)
}

// strokeAtOnce bounds how many parts of a path are stroked together: the time
// for one stroke grows with the square of its parts, seconds for a thousand.
const strokeAtOnce = 48

// Stroke strokes a long path in pieces that share their end points.
func (c raster) Stroke(path vg.Path) {
	for len(path) > strokeAtOnce {
		next := path[strokeAtOnce]
		c.Canvas.Stroke(path[:strokeAtOnce+1])
		path = path[strokeAtOnce:]
		if next.Type == vg.LineComp {
			path = append(vg.Path{{Type: vg.MoveComp, Pos: next.Pos}}, path[1:]...)
		}
	}
	c.Canvas.Stroke(path)
}
