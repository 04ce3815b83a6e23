package plots

import (
	"fmt"
	"sync"

	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/paint"
)

const (
	regular = xfont.WeightNormal
	bold    = xfont.WeightSemiBold
)

// lettering holds the typeface. It is its own cache, not gonum's global one,
// so that a program which draws other plots keeps its fonts.
var lettering = sync.OnceValue(func() text.Plain {
	var faces font.Collection
	for _, f := range []struct {
		file   string
		weight xfont.Weight
	}{{"Inter-Regular.otf", regular}, {"Inter-SemiBold.otf", bold}} {
		b, err := paint.Fonts.ReadFile("fonts/" + f.file)
		if err != nil {
			panic(fmt.Errorf("plots: embedded font: %w", err))
		}
		face, err := opentype.Parse(b)
		if err != nil {
			panic(fmt.Errorf("plots: embedded font %s: %w", f.file, err))
		}
		faces = append(faces, font.Face{Font: font.Font{Typeface: "Inter", Weight: f.weight}, Face: face})
	}
	return text.Plain{Fonts: font.NewCache(faces)}
})

// style is left-aligned text of a size in points.
func style(size float64, weight xfont.Weight, shade paint.Shade) text.Style {
	return text.Style{
		Color:   shade,
		Font:    font.Font{Typeface: "Inter", Weight: weight, Size: vg.Points(size)},
		XAlign:  draw.XLeft,
		Handler: lettering(),
	}
}

// capHeight is Inter's height of capitals and digits, in parts of its size.
const capHeight = 0.727

// write puts s with its baseline at y, aligned about x as the style says.
// gonum's own alignment reckons with line gaps and sits too low.
func write(c draw.Canvas, st text.Style, x, y vg.Length, s string) {
	if s == "" {
		return
	}
	face := lettering().Fonts.Lookup(st.Font, st.Font.Size)
	c.SetColor(st.Color)
	c.FillString(face, vg.Point{X: x + vg.Length(st.XAlign)*face.Width(s), Y: y}, s)
}

// writeMiddle is write with the capitals centred on y.
func writeMiddle(c draw.Canvas, st text.Style, x, y vg.Length, s string) {
	write(c, st, x, y-st.Font.Size*capHeight/2, s)
}

func measure(st text.Style, s string) vg.Length {
	face := lettering().Fonts.Lookup(st.Font, st.Font.Size)
	return face.Width(s)
}

// aligned is st with another alignment.
func aligned(st text.Style, to text.XAlignment) text.Style {
	st.XAlign = to
	return st
}
