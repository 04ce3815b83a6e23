package plots

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Series is what a reader may hide in a picture, by the shades that it is drawn in.
type Series struct {
	Name   string
	Shades []paint.Shade
}

// Shade names the shades, as the classes of the picture end.
func (s Series) Shade() string {
	names := make([]string, len(s.Shades))
	for i, shade := range s.Shades {
		names[i] = shade.Name
	}
	return strings.Join(names, " ")
}

// hues names lines that are drawn in the hues, in their order.
func hues[T any](lines []T, name func(T) string) (all []Series) {
	for i, l := range lines[:min(len(lines), len(paint.Hues))] {
		all = append(all, Series{name(l), []paint.Shade{paint.Hues[i]}})
	}
	return all
}

// Cursor says how a place of the picture is a time, for a read-out that follows the
// reader's cursor through all pictures of a page over time.
type Cursor struct {
	Left, Right float64 // edges of the time axis, as parts of the width
	Start       time.Time
	Length      time.Duration
	At          []time.Duration // when each row of the table begins
}

// overTime makes a plot of strips one whose table can be read off by the cursor.
func (p *Plot) overTime(sc result.Scenario, end time.Duration, at []time.Duration) {
	p.Cursor = &Cursor{Left: stripLeft / width.Points(), Right: 1 - stripRight/width.Points(), Start: sc.Start, Length: end, At: at}
}

// Begins are the instants of [Cursor.At] in whole seconds, for the page.
func (c *Cursor) Begins() string {
	list := make([]string, len(c.At))
	for i, at := range c.At {
		list[i] = strconv.FormatInt(int64(at/time.Second), 10)
	}
	return strings.Join(list, " ")
}

// Milliseconds and Seconds are the start and the length, for the page.
func (c *Cursor) Milliseconds() int64 { return c.Start.UnixMilli() }

// Seconds is the length.
func (c *Cursor) Seconds() int64 { return int64(c.Length / time.Second) }

// mixSeries names the classes of bars.
func mixSeries(classes []string) (all []Series) {
	for _, class := range classes {
		shade := paint.Outcome(class)
		k := slices.IndexFunc(all, func(s Series) bool { return s.Shades[0] == shade })
		if k < 0 {
			all = append(all, Series{class, []paint.Shade{shade}})
		} else {
			all[k].Name += ", " + class
		}
	}
	return all
}
