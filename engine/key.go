package engine

import (
	"cmp"
	"strings"
)

// Side is one of the two business systems.
type Side uint8

// The two sides.
const (
	FinOps Side = iota
	Dataverse
)

// Sides lists both sides in their fixed order.
var Sides = [2]Side{FinOps, Dataverse}

// Other returns the opposite side.
func (s Side) Other() Side { return s ^ 1 }

// String returns the side's name as scenarios spell it.
func (s Side) String() string {
	if s == FinOps {
		return "finops"
	}
	return "dataverse"
}

// MapID is a table map's index in [Config.Maps].
type MapID uint16

// Key names a record pair: the same key on both sides under one map.
//
// ID is in canonical form ([Canonical]). Spelling is empty but for the later
// ones of several records that one side keeps apart although their keys fold
// to the same ID; such a record has no partner and cannot be carried.
type Key struct {
	Map      MapID
	Company  string // empty for a global map
	ID       string
	Spelling string
}

// Folded returns the key that the record's lookups are resolved by: a side
// finds records by canonical form, whatever their spelling.
func (k Key) Folded() Key {
	k.Spelling = ""
	return k
}

// Compare orders keys by map, company and ID, byte by byte. Listings follow it.
func (k Key) Compare(o Key) int {
	return cmp.Or(
		cmp.Compare(k.Map, o.Map), cmp.Compare(k.Company, o.Company),
		cmp.Compare(k.ID, o.ID), cmp.Compare(k.Spelling, o.Spelling),
	)
}

// Canonical folds what key comparison ignores: letter case and trailing
// blanks.
func Canonical(id string) string {
	return strings.ToUpper(strings.TrimRight(id, " "))
}
