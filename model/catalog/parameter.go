package catalog

import (
	"slices"
	"strconv"
	"strings"
)

// Parameter is a number, or another setting, of the real systems.
type Parameter struct {
	Name    string
	Title   string
	Value   string // as a scenario spells it: 1000, 120s, 116.85MB; empty: see Rule, or not published
	Unit    string // what is counted: records per transaction
	Rule    string // in words, where a document says how and not how many
	Basis   Basis
	Paths   []string // where a scenario sets it, if it does
	Sources []string // names of [Source]
	Notes   []string
	Doubts  []string // what contradicts the value, or makes it doubtful
	at      position
}

// Number returns the number that the value begins with, in the unit that it is
// written in.
func (p Parameter) Number() (float64, bool) {
	end := strings.IndexFunc(p.Value, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if end < 0 {
		end = len(p.Value)
	}
	n, err := strconv.ParseFloat(p.Value[:end], 64)
	return n, err == nil
}

// valueUnits are the unit suffixes that a value may carry.
var valueUnits = []string{"ms", "s", "m", "h", "d", "MB", "GB", "%", "/s", "/min", "/h"}

func decodeParameter(b block) (p Parameter, faults []error) {
	p = Parameter{Name: b.rest, at: b.from}
	var basis position
	faults = b.fill([]slot{
		{word: "title", required: true, take: into(&p.Title)},
		{word: "value", take: func(l line) error {
			p.Value, p.Unit, _ = strings.Cut(l.rest, " ")
			if _, ok := p.Number(); !ok || !knownUnit(p.Value) {
				return l.from.errorf("%q is no number with a known unit", p.Value)
			}
			return nil
		}},
		{word: "rule", take: into(&p.Rule)},
		{word: "basis", required: true, take: func(l line) error {
			basis = l.from
			for b := Documented; b <= Assumed; b++ {
				if b.String() == l.rest {
					p.Basis = b
					return nil
				}
			}
			return l.from.errorf("unknown basis %q: documented, derived or assumed", l.rest)
		}},
		{word: "path", take: intoList(&p.Paths)},
		{word: "source", take: intoList(&p.Sources)},
		{word: "note", many: true, take: add(&p.Notes)},
		{word: "doubt", many: true, take: add(&p.Doubts)},
	}, nil)
	switch {
	case p.Value != "" && p.Rule != "":
		faults = append(faults, p.at.errorf("parameter %s has a value and a rule", p.Name))
	case p.Basis != Assumed && (p.Value+p.Rule == "" || len(p.Sources) == 0):
		faults = append(faults, basis.errorf("a %s parameter needs its value or rule, and its source", p.Basis))
	case p.Basis == Assumed && len(p.Notes) == 0:
		faults = append(faults, basis.errorf("an assumed parameter needs a note that says why"))
	}
	return p, faults
}

func knownUnit(value string) bool {
	unit := strings.TrimLeft(value, "0123456789.")
	return unit == "" || slices.Contains(valueUnits, unit)
}
