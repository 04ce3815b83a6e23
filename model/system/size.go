package system

import "slices"

// Sizes are the steps by which transactions are counted: of at most so many
// records. What is larger than the last has a place of its own.
var Sizes = [...]int{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000}

// sizes is how many steps there are, with what is larger.
const sizes = len(Sizes) + 1

// Sized counts users' transactions of one size.
type Sized struct {
	All  uint64
	Over uint64 // live limits refused or undid them, or would have: they have more records than may go live
}

func (s *Sized) count(over bool) {
	s.All++
	if over {
		s.Over++
	}
}

// sizeOf returns the step of a transaction with so many records.
func sizeOf(records int) int {
	step, _ := slices.BinarySearch(Sizes[:], records)
	return step
}

// overLive reports whether a transaction that ended so is over a limit of live
// sync. One that was not live is measured by its records alone.
func (s *System) overLive(tx *Tx, how Ending) bool {
	switch how {
	case TooManyRecords, TooManyCompanies, TooManyBytes, TooSlow:
		return true
	}
	most := s.LiveRecords()
	return !tx.Live && most > 0 && len(tx.Edits) > most
}
