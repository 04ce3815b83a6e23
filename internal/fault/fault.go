// Package fault arms the failpoints of one world.
//
// The engine names the places where a crash or a planted bug is interesting
// and asks, through an interface with the one method Hit, whether the place
// fires now. A [Plan] answers. It wraps its own registry of
// github.com/pingcap/failpoint, never the one of the process, so that a
// thousand worlds with different plans run side by side; this package is the
// only importer of that module.
//
// What fires is exact and repeats: terms are counted ("2*off->1*return(true)"
// fires on the third pass and never again), chance and clock are refused, and
// [Plan.Log] turned into points by [Replay] fires at the same passes again.
//
// Built with -tags nofault, the module is not linked, Hit is a constant false,
// and arming a point is an error. The wrapped module also reads GO_FAILPOINTS
// when a process starts; that fills the process's registry, which no plan
// looks at.
package fault

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Always is the term that fires at every pass. [Parse] takes it where a point
// is given by its name alone.
const Always = "return(true)"

// Point arms one failpoint: its name, and the terms that say at which passes
// it fires.
//
//	terms = term { "->" term } .
//	term  = [ count "*" ] ( "off" | "return" | "return(true)" ) .
//
// Each term holds for count passes, a term without a count for ever. After the
// last one the point is silent. "off" as the only term fires never and still
// counts the passes, which tells how many places a crash could be put.
type Point struct {
	Name  string
	Terms string
}

// String is the form that [Parse] reads.
func (p Point) String() string { return p.Name + "=" + p.Terms }

// Fired says that a failpoint fired at its Pass-th pass, counted from 1.
type Fired struct {
	Name string
	Pass int
}

// Parse reads a point as a user writes it: "name=terms", or "name" alone for
// one that fires at every pass. It does not know the catalogue: [NewPlan]
// refuses unknown names.
func Parse(s string) (Point, error) {
	name, terms, found := strings.Cut(s, "=")
	if !found {
		terms = Always
	}
	if name == "" {
		return Point{}, fmt.Errorf("failpoint %q: no name before the terms", s)
	}
	if err := validate(terms); err != nil {
		return Point{}, fmt.Errorf("failpoint %s: %w", name, err)
	}
	return Point{Name: name, Terms: terms}, nil
}

// Replay turns a log into the points that fire at the same passes again, in
// the order in which their names first fired.
func Replay(log []Fired) []Point {
	var points []Point
	last := map[string]int{}
	at := map[string]int{}
	for _, f := range log {
		i, known := at[f.Name]
		if !known {
			i = len(points)
			at[f.Name] = i
			points = append(points, Point{Name: f.Name})
		}
		p := &points[i]
		if p.Terms != "" {
			p.Terms += "->"
		}
		if silent := f.Pass - last[f.Name] - 1; silent > 0 {
			p.Terms += fmt.Sprintf("%d*off->", silent)
		}
		p.Terms += "1*" + Always
		last[f.Name] = f.Pass
	}
	return points
}

// check returns every fault of the points at once.
func check(catalogue []string, points []Point) error {
	var errs []error
	seen := map[string]bool{}
	for _, p := range points {
		if !slices.Contains(catalogue, p.Name) {
			errs = append(errs, fmt.Errorf("failpoint %s: unknown%s", p.Name, suggest(p.Name, catalogue)))
			continue
		}
		if seen[p.Name] {
			errs = append(errs, fmt.Errorf("failpoint %s: armed twice; chain its terms with \"->\"", p.Name))
			continue
		}
		seen[p.Name] = true
		if err := validate(p.Terms); err != nil {
			errs = append(errs, fmt.Errorf("failpoint %s: %w", p.Name, err))
		}
	}
	return errors.Join(errs...)
}

// validate accepts the grammar of [Point] and says of everything else that the
// wrapped module would take why it is refused here.
func validate(terms string) error {
	forever := ""
	for term := range strings.SplitSeq(terms, "->") {
		if forever != "" {
			return fmt.Errorf("terms %q: %q comes after %q, which has no count and holds for ever", terms, term, forever)
		}
		act := term
		if count, rest, counted := strings.Cut(term, "*"); counted {
			if n, err := strconv.Atoi(count); err != nil || n < 0 {
				return fmt.Errorf("terms %q: %q is not a number of passes", terms, count)
			}
			act = rest
		} else {
			forever = term
		}
		switch verb, _, _ := strings.Cut(act, "("); {
		case act == "off", act == "return", act == Always:
		case strings.Contains(act, "%"):
			return fmt.Errorf("terms %q: %q fires by chance, which no seed repeats; use counts, as in \"2*off->1*return(true)\"", terms, term)
		case slices.Contains([]string{"sleep", "pause", "print", "panic", "break"}, verb):
			return fmt.Errorf("terms %q: %q acts on the process, not on the simulated world; use off or return(true)", terms, term)
		default:
			return fmt.Errorf("terms %q: %q is neither off nor return(true)", terms, term)
		}
	}
	return nil
}

// suggest ends the message for an unknown name: with the nearest known one, if
// that is near enough to be meant.
func suggest(name string, catalogue []string) string {
	best, nearest := len(name)/2+1, ""
	for _, known := range catalogue {
		if d := distance(name, known); d < best {
			best, nearest = d, known
		}
	}
	if nearest == "" {
		return fmt.Sprintf("; there are %d known names", len(catalogue))
	}
	return fmt.Sprintf("; did you mean %s?", nearest)
}

// distance is the number of bytes to insert, delete or replace between a and b
// (Wagner and Fischer, one row kept).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
