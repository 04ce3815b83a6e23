//go:build nofault

package fault

import (
	"errors"
	"fmt"
)

// Enabled says whether failpoints are built in; -tags nofault leaves them out.
const Enabled = false

// Plan arms nothing in this build.
type Plan struct{}

// NewPlan refuses to arm a point, because it would never fire.
func NewPlan(catalogue []string, points ...Point) (*Plan, error) {
	if err := check(catalogue, points); err != nil {
		return nil, err
	}
	var errs []error
	for _, point := range points {
		errs = append(errs, fmt.Errorf("arm failpoint %s: this program was built without failpoints (-tags nofault)", point))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Plan{}, nil
}

// Hit is false.
func (*Plan) Hit(string) bool { return false }

// Names is empty.
func (*Plan) Names() []string { return nil }

// Passes is 0.
func (*Plan) Passes(string) int { return 0 }

// Log is empty.
func (*Plan) Log() []Fired { return nil }
