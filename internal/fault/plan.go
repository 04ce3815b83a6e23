//go:build !nofault

package fault

import (
	"fmt"

	"github.com/pingcap/failpoint"
)

// Enabled says whether failpoints are built in; -tags nofault leaves them out.
const Enabled = true

// Plan holds the failpoints that are armed in one world. Like the world it
// belongs to one goroutine at a time; different plans share nothing. The nil
// plan arms nothing.
type Plan struct {
	points   []armed
	registry failpoint.Failpoints
	log      []Fired
}

type armed struct {
	name   string
	passes int
}

// NewPlan arms the points. It returns all faults at once: names that are not
// in the catalogue of known names, points that are armed twice, terms that
// would not repeat. Plans have state: a world that runs again needs a new one.
func NewPlan(catalogue []string, points ...Point) (*Plan, error) {
	if err := check(catalogue, points); err != nil {
		return nil, err
	}
	p := &Plan{}
	for _, point := range points {
		if err := p.registry.Enable(point.Name, point.Terms); err != nil {
			return nil, fmt.Errorf("arm failpoint %s: %w", point, err)
		}
		p.points = append(p.points, armed{name: point.Name})
	}
	return p, nil
}

// Hit reports whether the failpoint fires at this pass, and counts the pass if
// the point is armed. A name that is not armed never fires.
func (p *Plan) Hit(name string) bool {
	if p == nil || len(p.points) == 0 {
		return false
	}
	return p.hit(name)
}

// hit stands apart so that Hit stays small enough to be inlined. Few points
// are armed at once: a scan is faster than the registry's locks and map.
func (p *Plan) hit(name string) bool {
	for i := range p.points {
		if p.points[i].name != name {
			continue
		}
		p.points[i].passes++
		// "off" evaluates to nil without an error.
		if value, err := p.registry.Eval(name); err != nil || value == nil {
			return false
		}
		p.log = append(p.log, Fired{Name: name, Pass: p.points[i].passes})
		return true
	}
	return false
}

// Names are the armed points in the order of arming.
func (p *Plan) Names() []string {
	if p == nil {
		return nil
	}
	names := make([]string, len(p.points))
	for i := range p.points {
		names[i] = p.points[i].name
	}
	return names
}

// Passes says how often an armed point was passed, whether it fired or not.
func (p *Plan) Passes(name string) int {
	if p == nil {
		return 0
	}
	for i := range p.points {
		if p.points[i].name == name {
			return p.points[i].passes
		}
	}
	return 0
}

// Log is what fired, in order. The slice belongs to the plan.
func (p *Plan) Log() []Fired {
	if p == nil {
		return nil
	}
	return p.log
}
