// Package paint is the look that plots and page share: one typeface and one
// palette, each colour with a light and a dark value.
//
// Plots draw with a [Shade] wherever gonum wants a colour. A backend that knows
// shades (the SVG one) writes their names, so that a picture follows the
// reader's light or dark setting; any other backend sees the light value.
package paint

import (
	"embed"
	"fmt"
	"image/color"
	"strings"
)

// Shade is a named colour.
type Shade struct {
	Name        string
	Light, Dark uint32 // 0xRRGGBB
}

// RGBA makes a Shade a color.Color: its light value.
func (s Shade) RGBA() (r, g, b, a uint32) { return rgb(s.Light).RGBA() }

// InDark is the dark value.
func (s Shade) InDark() color.Color { return rgb(s.Dark) }

func rgb(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}

// The greys: text from strong to faint, lines, and what lies behind.
var (
	Ink   = Shade{"ink", 0x1B1F24, 0xE8EAED}
	Soft  = Shade{"soft", 0x57606A, 0xA9B1BA}
	Faint = Shade{"faint", 0x77808A, 0x87909A}
	Rule  = Shade{"rule", 0xE3E7EB, 0x2E343B}
	Paper = Shade{"paper", 0xFFFFFF, 0x14171A}
	Panel = Shade{"panel", 0xF6F8FA, 0x1C2024}
)

// Hues tell lines apart. They differ in lightness as well as in hue, so that
// they stay apart for colour-blind readers and in grey print, and every line
// has its own dash pattern besides.
var Hues = []Shade{
	{"blue", 0x0B6BCB, 0x5AA9F5},
	{"orange", 0xD9480F, 0xFF8B4D},
	{"green", 0x2B8A3E, 0x56C271},
	{"purple", 0x862E9C, 0xCC82E0},
	{"ochre", 0x9A6B00, 0xE3B33A},
	{"slate", 0x495057, 0xAEB6BF},
}

// What a fault period is shaded with, what its label is written in, and the
// bands of several runs.
var (
	FaultArea = Shade{"fault", 0xFFEFE0, 0x3A2A1C}
	FaultEdge = Shade{"faultedge", 0xC2410C, 0xFFA26B}
	Band      = Shade{"band", 0xCFE2F6, 0x1E3A56}
	OtherBand = Shade{"otherband", 0xE9D5F0, 0x41284A}
	Track     = Shade{"track", 0xDDE3E9, 0x363E47}
)

// Verdicts.
var (
	Good  = Shade{"good", 0x1F7A3A, 0x5CC97A}
	Bad   = Shade{"bad", 0xC22A2A, 0xFF8078}
	Maybe = Shade{"maybe", 0x8A6100, 0xE3B33A}
)

// outcomes by class. What went well is pale, so that the eye goes to the rest.
var outcomes = []struct {
	class string
	shade Shade
}{
	{"synced", Shade{"o-synced", 0xBFD3E6, 0x35506B}},
	{"carried", Shade{"o-synced", 0xBFD3E6, 0x35506B}}, // synced, under the data integrator, which books nothing
	{"no-op", Shade{"o-noop", 0xDDE3E9, 0x3E464F}},
	{"concurrency", Shade{"o-concurrency", 0xE0A100, 0xE3B33A}},
	{"conflict", Shade{"o-conflict", 0x8E44AD, 0xCC82E0}},
	{"application", Shade{"o-application", 0xD9480F, 0xFF8B4D}},
	{"system", Shade{"o-system", 0x8C1C13, 0xFF6B6B}},
	{"dismissed", Shade{"o-dismissed", 0x77808A, 0x87909A}},
	{"parked", Shade{"o-parked", 0xB5179E, 0xF283DC}},
	{"open", Shade{"o-open", 0x0B6BCB, 0x5AA9F5}},
	{"lost", Shade{"o-lost", 0xC22A2A, 0xFF8078}},
	{"missed", Shade{"o-missed", 0x9A6B00, 0xA9772B}},
}

// Outcome is the shade of an outcome class; an unknown one is grey.
func Outcome(class string) Shade {
	for _, o := range outcomes {
		if o.class == class {
			return o.shade
		}
	}
	return Faint
}

// Ramp goes from little to much (viridis, CC0), the same in light and dark.
var Ramp = []Shade{
	{"ramp0", 0x440154, 0x440154},
	{"ramp1", 0x482173, 0x482173},
	{"ramp2", 0x433E85, 0x433E85},
	{"ramp3", 0x38588C, 0x38588C},
	{"ramp4", 0x2D708E, 0x2D708E},
	{"ramp5", 0x25858E, 0x25858E},
	{"ramp6", 0x1E9B8A, 0x1E9B8A},
	{"ramp7", 0x2BB07F, 0x2BB07F},
	{"ramp8", 0x51C56A, 0x51C56A},
	{"ramp9", 0x85D54A, 0x85D54A},
	{"ramp10", 0xC2DF23, 0xC2DF23},
	{"ramp11", 0xFDE725, 0xFDE725},
}

// Text on a ramp, in both settings.
var (
	OnLow  = Shade{"onlow", 0xFFFFFF, 0xFFFFFF}
	OnHigh = Shade{"onhigh", 0x14171A, 0x14171A}
)

// Heat is the shade of a place between 0 and 1, and that of text on it.
func Heat(at float64) (shade, text Shade) {
	i := min(max(int(at*float64(len(Ramp))), 0), len(Ramp)-1)
	if i < len(Ramp)/2-1 {
		return Ramp[i], OnLow
	}
	return Ramp[i], OnHigh
}

// Shades lists every shade once, in a fixed order.
func Shades() []Shade {
	all := []Shade{Ink, Soft, Faint, Rule, Paper, Panel}
	all = append(all, Hues...)
	all = append(all, FaultArea, FaultEdge, Band, OtherBand, Track, Good, Bad, Maybe)
	for _, o := range outcomes {
		all = append(all, o.shade)
	}
	all = append(all, Ramp...)
	return append(all, OnLow, OnHigh)
}

// CSS are the rules that give shades their colours, as classes: "f-ink" fills
// and "s-ink" strokes with ink. Colours are written out rather than kept in
// variables, which many viewers of SVG files do not know.
func CSS(shades []Shade) string {
	rules := func(value func(Shade) uint32) string {
		var b strings.Builder
		for _, s := range shades {
			fmt.Fprintf(&b, ".f-%[1]s{fill:#%06[2]x}.s-%[1]s{stroke:#%06[2]x}\n", s.Name, value(s))
		}
		return b.String()
	}
	return rules(func(s Shade) uint32 { return s.Light }) +
		"@media (prefers-color-scheme:dark){\n" +
		rules(func(s Shade) uint32 { return s.Dark }) + "}\n"
}

// Fonts holds Inter in two weights: outlines for plots, WOFF2 for the page.
// See fonts/README.md for where they come from and fonts/OFL.txt for their
// licence.
//
//go:embed fonts/Inter-Regular.otf fonts/Inter-SemiBold.otf fonts/Inter-Regular.woff2 fonts/Inter-SemiBold.woff2
var Fonts embed.FS

// Variables are the same colours as custom properties, for a page's own rules:
// var(--ink).
func Variables(shades []Shade) string {
	set := func(value func(Shade) uint32) string {
		var b strings.Builder
		for _, s := range shades {
			fmt.Fprintf(&b, "--%s:#%06x;", s.Name, value(s))
		}
		return b.String()
	}
	return ":root{" + set(func(s Shade) uint32 { return s.Light }) + "}\n" +
		"@media (prefers-color-scheme:dark){:root{" + set(func(s Shade) uint32 { return s.Dark }) + "}}\n"
}
