package plots

import (
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"
)

// TestLabelsStayInThePicture: the label of a tick at the right edge of a panel ends with the
// picture, where a page would cut it off.
func TestLabelsStayInThePicture(t *testing.T) {
	t.Parallel()
	const label = "31 Oct 09:30"
	var rec recorder.Canvas
	c := draw.NewCanvas(&rec, width, 100)
	p := plot.New()
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	pn := newPanel(c, vg.Rectangle{Min: vg.Point{X: 52, Y: 30}, Max: vg.Point{X: width - 12, Y: 90}}, p)
	pn.rules([]tick{{at: .5, label: label}, {at: 1, label: label}}, nil, true)
	var begins []vg.Length
	for _, a := range rec.Actions {
		if s, is := a.(*recorder.FillString); is && s.String == label {
			begins = append(begins, s.Point.X)
		}
	}
	long := measure(tickStyle, label)
	if len(begins) != 2 {
		t.Fatalf("%d labels are written", len(begins))
	}
	if middle := begins[0] + long/2; middle < pn.x(.5)-.01 || middle > pn.x(.5)+.01 {
		t.Errorf("a label stands at %v, want it below %v", middle, pn.x(.5))
	}
	if end := begins[1] + long; end > width+.01 {
		t.Errorf("the last label ends at %v, and the picture at %v", end, width)
	}
}
