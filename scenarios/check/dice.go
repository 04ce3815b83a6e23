package check

import "github.com/twinwrite/twinwrite/sim"

// Dice is where a generator takes its chance from: bits, and nothing else, so
// that every size is as likely as every other. (The ranges and slices of rapid
// lean to the small ones so much that long histories would never happen.)
type Dice interface {
	// Bits returns n random bits, 1 to 32.
	Bits(n int) uint32
}

// keyed dice are a function of seed and case: case 712 is the same whichever
// case was drawn before it, on whichever core.
type keyed struct {
	stream sim.Stream
	entity uint64
	drawn  uint64
}

// KeyedDice returns the dice of one case of a campaign.
func KeyedDice(seed, number uint64) Dice {
	return &keyed{stream: sim.NewStream(seed, 0, "check.case"), entity: number}
}

func (k *keyed) Bits(n int) uint32 {
	k.drawn++
	return uint32(k.stream.Bits(k.entity, k.drawn) >> (64 - n))
}

// below draws a whole number from 0 to n-1, n at most 65,536. Its error from
// even chances is under one in a thousand for the sizes that occur.
func below(d Dice, n int) int {
	if n <= 1 {
		return 0
	}
	bits := 1
	for 1<<bits < n {
		bits++
	}
	if 1<<bits == n {
		return int(d.Bits(bits))
	}
	return int(uint64(d.Bits(bits+8)) * uint64(n) >> (bits + 8))
}

// between draws a whole number from low to high.
func between(d Dice, low, high int) int { return low + below(d, high-low+1) }

// chance reports whether something of so many percent happens.
func chance(d Dice, percent int) bool { return below(d, 100) < percent }

// oneOf draws one of some things.
func oneOf[T any](d Dice, from []T) T { return from[below(d, len(from))] }
