package plots

import (
	"io"
	"math"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/words"
)

// Every figure has one width; the page scales it.
const (
	width  = 640 * vg.Length(1)
	margin = 20 * vg.Length(1)
)

var (
	titleStyle    = style(16, bold, paint.Ink)
	subtitleStyle = style(11, regular, paint.Soft)
	captionStyle  = style(9, regular, paint.Faint)
)

// WriteSVG writes a stand-alone picture with title, subtitle and caption; it
// follows the viewer's light or dark setting where the viewer has one.
func (p Plot) WriteSVG(w io.Writer) error {
	f := p.frame()
	c := newSVG(p.Name, width, f.height)
	f.render(draw.New(c))
	return c.writeFile(w, p.Title, p.Subtitle)
}

// Inline writes the inner part as an <svg> element for a page that holds
// title, subtitle and caption as text of its own and the rules of [paint.CSS].
// What it returns are the lines of runs, for those that readers pick.
func (p Plot) Inline(w io.Writer) ([]RunLine, error) {
	c := newSVG(p.Name, width, p.height)
	p.draw(draw.New(c))
	return c.lines, c.writeElement(w, p.Title+". "+p.Subtitle)
}

// frame is the outer part of a stand-alone picture.
type frame struct {
	Plot
	title, subtitle, caption []string // broken into lines
	height                   vg.Length
}

func (p Plot) frame() frame {
	inner := width - 2*margin
	f := frame{
		Plot:     p,
		title:    wrap(titleStyle, p.Title, inner),
		subtitle: wrap(subtitleStyle, p.Subtitle, inner),
		caption:  wrap(captionStyle, p.Caption, inner),
	}
	height := margin + linesHeight(titleStyle, f.title) + linesHeight(subtitleStyle, f.subtitle) + 10 +
		p.height*inner/width + 8 + linesHeight(captionStyle, f.caption) + margin*.6
	f.height = vg.Length(math.Ceil(float64(height))) // a part of a pixel would show as a pale edge
	return f
}

func (f frame) render(c draw.Canvas) {
	c.SetColor(paint.Paper)
	c.Fill(c.Rectangle.Path())
	y := c.Max.Y - margin
	for _, line := range f.title {
		y -= lineHeight(titleStyle)
		write(c, titleStyle, margin, y+titleStyle.Font.Size*.32, line)
	}
	for _, line := range f.subtitle {
		y -= lineHeight(subtitleStyle)
		write(c, subtitleStyle, margin, y+subtitleStyle.Font.Size*.32, line)
	}
	y -= 10
	// The inner part is drawn at its own size and scaled into the margins, so
	// that the file and the page show the same picture.
	scale := float64((width - 2*margin) / width)
	inner := f.Plot.height * vg.Length(scale)
	c.Push()
	c.Translate(vg.Point{X: margin, Y: y - inner})
	c.Scale(scale, scale)
	f.draw(draw.NewCanvas(c.Canvas, width, f.Plot.height))
	c.Pop()

	y -= inner + 8
	for _, line := range f.caption {
		y -= lineHeight(captionStyle)
		write(c, captionStyle, margin, y+captionStyle.Font.Size*.32, line)
	}
}

func lineHeight(st text.Style) vg.Length { return st.Font.Size * 1.35 }

func linesHeight(st text.Style, lines []string) vg.Length {
	return lineHeight(st) * vg.Length(len(lines))
}

// wrap breaks prose into lines no wider than most, as few as possible and of
// about equal length: no word is left alone on the last one.
func wrap(st text.Style, prose string, most vg.Length) []string {
	lines := breakLines(st, prose, most)
	for len(lines) > 1 {
		most -= 12
		narrower := breakLines(st, prose, most)
		if len(narrower) > len(lines) {
			break
		}
		lines = narrower
	}
	return lines
}

func breakLines(st text.Style, prose string, most vg.Length) []string {
	var lines []string
	line := ""
	for word := range strings.SplitSeq(words.Bind(prose), " ") {
		longer := strings.TrimPrefix(line+" "+word, " ")
		if line != "" && measure(st, longer) > most {
			lines = append(lines, line)
			longer = word
		}
		line = longer
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// fit shortens text with an ellipsis until it is no wider than most.
func fit(st text.Style, s string, most vg.Length) string {
	if measure(st, s) <= most {
		return s
	}
	r := []rune(s)
	for len(r) > 1 && measure(st, string(r)+"…") > most {
		r = r[:len(r)-1]
	}
	return strings.TrimRight(string(r), " ·") + "…"
}

// fitMiddle shortens text in its middle: names that begin alike differ at their
// ends.
func fitMiddle(st text.Style, s string, most vg.Length) string {
	r := []rune(s)
	for cut := 1; measure(st, s) > most && cut < len(r)-1; cut++ {
		head := (len(r) - cut) / 2
		s = string(r[:head]) + "…" + string(r[head+cut:])
	}
	return s
}

// nothing is the inner part of a plot without data.
func nothing(message string) func(draw.Canvas) {
	return func(c draw.Canvas) {
		c.SetColor(paint.Panel)
		c.Fill(c.Rectangle.Path())
		st := style(12, regular, paint.Soft)
		st.XAlign = draw.XCenter
		write(c, st, (c.Min.X+c.Max.X)/2, (c.Min.Y+c.Max.Y)/2-4, message)
	}
}

// nothingHeight is enough for one line of text.
const nothingHeight = 90 * vg.Length(1)
