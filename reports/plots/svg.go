package plots

import (
	"bytes"
	"fmt"
	"html"
	"image"
	"image/color"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"

	"github.com/twinwrite/twinwrite/reports/paint"
)

// svgCanvas is a vg.Canvas that writes SVG for two places at once: files and
// the page. It differs from gonum's own in three ways. Colours become class
// names ([paint.CSS]), so that one picture serves light and dark, and a page
// whose policy forbids style attributes. Text becomes glyph outlines, each
// defined once and used by reference, so that it looks the same wherever it is
// opened. And coordinates are transformed before they are written, with two
// decimals, which keeps files small and equal on every machine.
type svgCanvas struct {
	name string // prefix of ids: several pictures share a page
	w, h vg.Length

	state  svgState
	stack  []svgState
	body   bytes.Buffer
	glyphs []svgGlyph
	shades []paint.Shade // used, in order of first use
	lines  []RunLine     // kept aside
}

type svgState struct {
	shade      paint.Shade
	line       vg.Length
	dashes     []vg.Length
	a, b, c, d float64 // x' = a·x + c·y + e, y' = b·x + d·y + f
	e, f       float64
}

// svgGlyph is an outline in font units, with y downwards.
type svgGlyph struct {
	id   string
	path string
}

func newSVG(name string, w, h vg.Length) *svgCanvas {
	c := &svgCanvas{name: name, w: w, h: h}
	// gonum's y grows upwards, SVG's downwards.
	c.state = svgState{shade: paint.Ink, a: 1, d: -1, f: h.Points()}
	vg.Initialize(c)
	return c
}

func (c *svgCanvas) Size() (w, h vg.Length) { return c.w, c.h }

func (c *svgCanvas) SetLineWidth(w vg.Length) { c.state.line = w }

func (c *svgCanvas) SetLineDash(pattern []vg.Length, _ vg.Length) {
	c.state.dashes = slices.Clone(pattern)
}

// SetColor takes shades only: a plain colour would have no dark value. The one
// exception is gonum's initial black.
func (c *svgCanvas) SetColor(col color.Color) {
	switch col := col.(type) {
	case paint.Shade:
		c.state.shade = col
	case nil:
		c.state.shade = paint.Ink
	default:
		if col != color.Black {
			panic(fmt.Sprintf("plots: colour %v is not a shade", col))
		}
		c.state.shade = paint.Ink
	}
}

func (c *svgCanvas) Push() { c.stack = append(c.stack, c.state) }

func (c *svgCanvas) Pop() {
	c.state = c.stack[len(c.stack)-1]
	c.stack = c.stack[:len(c.stack)-1]
}

func (c *svgCanvas) Translate(p vg.Point) {
	s := &c.state
	x, y := p.X.Points(), p.Y.Points()
	s.e, s.f = s.a*x+s.c*y+s.e, s.b*x+s.d*y+s.f
}

func (c *svgCanvas) Scale(x, y float64) {
	s := &c.state
	s.a, s.b, s.c, s.d = s.a*x, s.b*x, s.c*y, s.d*y
}

func (c *svgCanvas) Rotate(rad float64) {
	sin, cos := math.Sincos(rad)
	s := &c.state
	s.a, s.b, s.c, s.d = s.a*cos+s.c*sin, s.b*cos+s.d*sin, s.c*cos-s.a*sin, s.d*cos-s.b*sin
}

// factor is how much lengths grow under the transformation.
func (s svgState) factor() float64 { return math.Sqrt(math.Abs(s.a*s.d - s.b*s.c)) }

func (s svgState) point(p vg.Point) (x, y float64) {
	px, py := p.X.Points(), p.Y.Points()
	return s.a*px + s.c*py + s.e, s.b*px + s.d*py + s.f
}

func (c *svgCanvas) use(s paint.Shade) string {
	if !slices.Contains(c.shades, s) {
		c.shades = append(c.shades, s)
	}
	return s.Name
}

func (c *svgCanvas) Stroke(path vg.Path) {
	if c.state.line <= 0 {
		return
	}
	fmt.Fprintf(&c.body, `<path class="s-%s" fill="none" stroke-linejoin="round" stroke-width="%s"`,
		c.use(c.state.shade), number(c.state.line.Points()*c.state.factor()))
	if len(c.state.dashes) > 0 {
		lengths := make([]string, len(c.state.dashes))
		for i, d := range c.state.dashes {
			lengths[i] = number(d.Points() * c.state.factor())
		}
		fmt.Fprintf(&c.body, ` stroke-dasharray="%s"`, strings.Join(lengths, " "))
	}
	fmt.Fprintf(&c.body, ` d="%s"/>`+"\n", c.data(path))
}

func (c *svgCanvas) Fill(path vg.Path) {
	fmt.Fprintf(&c.body, `<path class="f-%s" d="%s"/>`+"\n", c.use(c.state.shade), c.data(path))
}

// data writes a path. The only arcs that these plots draw are whole circles.
func (c *svgCanvas) data(path vg.Path) string {
	var b strings.Builder
	at := func(command string, ps ...vg.Point) {
		b.WriteString(command)
		for i, p := range ps {
			if i > 0 {
				b.WriteByte(' ')
			}
			x, y := c.state.point(p)
			b.WriteString(number(x) + "," + number(y))
		}
	}
	for _, part := range path {
		switch part.Type {
		case vg.MoveComp:
			at("M", part.Pos)
		case vg.LineComp:
			at("L", part.Pos)
		case vg.CurveComp:
			command := "Q"
			if len(part.Control) == 2 {
				command = "C"
			}
			at(command, append(slices.Clone(part.Control), part.Pos)...)
		case vg.ArcComp:
			r := number(part.Radius.Points() * c.state.factor())
			half := vg.Point{X: part.Pos.X - part.Radius, Y: part.Pos.Y}
			whole := vg.Point{X: part.Pos.X + part.Radius, Y: part.Pos.Y}
			fmt.Fprintf(&b, "A%s,%s 0 1 0 ", r, r)
			at("", half)
			fmt.Fprintf(&b, "A%s,%s 0 1 0 ", r, r)
			at("", whole)
		case vg.CloseComp:
			b.WriteByte('Z')
		}
	}
	return b.String()
}

// FillString writes s as references to glyph outlines, along the baseline
// that starts at p.
func (c *svgCanvas) FillString(face font.Face, p vg.Point, s string) {
	if s == "" || face.Font.Size <= 0 {
		return
	}
	var buf sfnt.Buffer
	units := fixed.Int26_6(face.Face.UnitsPerEm()) // one font unit is then 1/64
	scale := face.Font.Size.Points() / float64(units) * c.state.factor()
	x, y := c.state.point(p)
	fmt.Fprintf(&c.body, `<g class="f-%s" transform="translate(%s %s) scale(%s)">`,
		c.use(c.state.shade), number(x), number(y), strconv.FormatFloat(scale, 'f', 5, 64))
	pen := 0
	for _, r := range s {
		i, err := face.Face.GlyphIndex(&buf, r)
		if err != nil {
			panic(fmt.Errorf("plots: glyph of %q: %w", r, err))
		}
		if r != ' ' && r != '\u00a0' {
			fmt.Fprintf(&c.body, `<use xlink:href="#%s" x="%d"/>`, c.glyph(face, &buf, i), pen)
		}
		advance, err := face.Face.GlyphAdvance(&buf, i, units, 0)
		if err != nil {
			panic(fmt.Errorf("plots: width of %q: %w", r, err))
		}
		pen += int(advance)
	}
	c.body.WriteString("</g>\n")
}

// glyph gives the id of an outline, defining it when it is new.
func (c *svgCanvas) glyph(face font.Face, buf *sfnt.Buffer, i sfnt.GlyphIndex) string {
	weight := "r"
	if face.Font.Weight == bold {
		weight = "b"
	}
	id := fmt.Sprintf("%s-%s%d", c.name, weight, i)
	if slices.ContainsFunc(c.glyphs, func(g svgGlyph) bool { return g.id == id }) {
		return id
	}
	units := fixed.Int26_6(face.Face.UnitsPerEm())
	segments, err := face.Face.LoadGlyph(buf, i, units, nil)
	if err != nil {
		panic(fmt.Errorf("plots: outline of glyph %d: %w", i, err))
	}
	var b strings.Builder
	for n, s := range segments {
		if s.Op == sfnt.SegmentOpMoveTo && n > 0 {
			b.WriteByte('Z')
		}
		b.WriteByte("MLQC"[s.Op]) // move, line, quadratic, cubic: in sfnt's order
		for j := range max(1, int(s.Op)) {
			if j > 0 {
				b.WriteByte(' ')
			}
			fmt.Fprintf(&b, "%d,%d", s.Args[j].X, s.Args[j].Y)
		}
	}
	if len(segments) > 0 {
		b.WriteByte('Z')
	}
	c.glyphs = append(c.glyphs, svgGlyph{id, b.String()})
	return id
}

// DrawImage is not needed: nothing in these plots is a raster.
func (c *svgCanvas) DrawImage(vg.Rectangle, image.Image) {
	panic("plots: no raster images in SVG")
}

// number writes a coordinate with at most two decimals and never as "-0".
func number(v float64) string {
	v = math.Round(v*100) / 100
	return strconv.FormatFloat(v+0, 'f', -1, 64)
}

// writeFile writes a stand-alone document.
func (c *svgCanvas) writeFile(w io.Writer, title, description string) error {
	_, err := fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="%[1]s" height="%[2]s" viewBox="0 0 %[1]s %[2]s" role="img" aria-labelledby="title description">
<title id="title">%[3]s</title>
<desc id="description">%[4]s</desc>
<style>
%[5]s</style>
%[6]s%[7]s</svg>
`, number(c.w.Points()), number(c.h.Points()), html.EscapeString(title), html.EscapeString(description),
		paint.CSS(c.shades), c.defs(), c.body.Bytes())
	return err
}

// writeElement writes an element for a page.
func (c *svgCanvas) writeElement(w io.Writer, label string) error {
	_, err := fmt.Fprintf(w, `<svg viewBox="0 0 %s %s" role="img" aria-label="%s">
%s%s</svg>
`, number(c.w.Points()), number(c.h.Points()), html.EscapeString(label), c.defs(), c.body.Bytes())
	return err
}

func (c *svgCanvas) defs() string {
	var b strings.Builder
	b.WriteString("<defs>\n")
	for _, g := range c.glyphs {
		fmt.Fprintf(&b, `<path id="%s" d="%s"/>`+"\n", g.id, g.path)
	}
	b.WriteString("</defs>\n")
	return b.String()
}
