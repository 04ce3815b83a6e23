package sim

import (
	"math"
	"math/bits"
	"slices"
	"testing"
)

// ksBound is the largest distance between a distribution function and that of
// n draws from it which is still believed: beyond it the probability is below
// 10⁻⁹ (Kolmogorov: 2·exp(-2nd²)).
func ksBound(n int) float64 { return math.Sqrt(math.Log(2/1e-9) / (2 * float64(n))) }

// ksDistance returns the largest distance between a distribution function and
// that of the draws, which it sorts. Distribution functions with jumps are
// given with their limit from below as well.
func ksDistance(draws []float64, cdf, below func(float64) float64) float64 {
	slices.Sort(draws)
	n := float64(len(draws))
	worst := 0.0
	for i := 0; i < len(draws); {
		x := draws[i]
		j := i
		for j < len(draws) && draws[j] == x {
			j++
		}
		worst = max(worst, math.Abs(float64(j)/n-cdf(x)), math.Abs(float64(i)/n-below(x)))
		i = j
	}
	return worst
}

func identity(x float64) float64 { return min(1, max(0, x)) }

// Draws are uniform along ordinals, along entities, along both at once, and
// over the streams of many names, runs and seeds.
func TestStreamIsUniform(t *testing.T) {
	t.Parallel()
	s := NewStream(7, 3, "uniform")
	const n = 200_000
	for name, draw := range map[string]func(i uint64) float64{
		"ordinals":      func(i uint64) float64 { return s.U(1, i) },
		"entities":      func(i uint64) float64 { return s.U(i, 1) },
		"diagonal":      func(i uint64) float64 { return s.U(i, i) },
		"high bits":     func(i uint64) float64 { return s.U(i<<44, i<<40) },
		"hashed":        func(i uint64) float64 { return s.U(Mix(i, 5), 0) },
		"runs":          func(i uint64) float64 { return NewStream(7, i, "a").U(0, 0) },
		"seeds":         func(i uint64) float64 { return NewStream(i, 0, "a").U(0, 0) },
		"pairs differ":  func(i uint64) float64 { return frac(s.U(1, i) - s.U(1, i+1)) },
		"entity differ": func(i uint64) float64 { return frac(s.U(i, 1) - s.U(i+1, 1)) },
		"low bits":      func(i uint64) float64 { return frac(s.U(1, i) * (1 << 32)) },
	} {
		draws := make([]float64, n)
		for i := range draws {
			draws[i] = draw(uint64(i))
		}
		if d := ksDistance(draws, identity, identity); d > ksBound(n) {
			t.Errorf("%s: distance %v from uniform, believed up to %v", name, d, ksBound(n))
		}
	}
}

func frac(x float64) float64 { return x - math.Floor(x) }

// One bit of either key flips each bit of the draw with probability ½.
func TestStreamAvalanche(t *testing.T) {
	t.Parallel()
	s := NewStream(1, 1, "avalanche")
	const n = 4000
	for bit := range 128 {
		var flips [64]int
		for i := range uint64(n) {
			entity, ordinal := Mix(i, 1), i
			e, o := entity, ordinal
			if bit < 64 {
				e ^= 1 << bit
			} else {
				o ^= 1 << (bit - 64)
			}
			changed := s.Bits(entity, ordinal) ^ s.Bits(e, o)
			for ; changed != 0; changed &= changed - 1 {
				flips[bits.TrailingZeros64(changed)]++
			}
		}
		for out, f := range flips {
			// Seven standard deviations.
			if off := math.Abs(float64(f) - n/2); off > 7*math.Sqrt(n)/2 {
				t.Errorf("key bit %d flips bit %d in %d of %d cases", bit, out, f, n)
			}
		}
	}
}

func TestStreamStaysInTheOpenInterval(t *testing.T) {
	t.Parallel()
	// The least and the greatest of what U makes of 64 bits.
	for _, b := range []uint64{0, math.MaxUint64} {
		u := float64(b>>12<<1|1) * 0x1p-53
		if !(u > 0 && u < 1 && 1-u > 0) {
			t.Errorf("%x gives %v", b, u)
		}
	}
}

func TestStreamsAreKeyed(t *testing.T) {
	t.Parallel()
	base := NewStream(1, 2, "name").Bits(3, 4)
	if again := NewStream(1, 2, "name").Bits(3, 4); again != base {
		t.Errorf("the same keys give %x and %x", base, again)
	}
	for name, other := range map[string]uint64{
		"seed":    NewStream(2, 2, "name").Bits(3, 4),
		"run":     NewStream(1, 3, "name").Bits(3, 4),
		"swapped": NewStream(2, 1, "name").Bits(3, 4),
		"name":    NewStream(1, 2, "nam").Bits(3, 4),
		"entity":  NewStream(1, 2, "name").Bits(4, 4),
		"ordinal": NewStream(1, 2, "name").Bits(3, 5),
		"keys":    NewStream(1, 2, "name").Bits(4, 3),
	} {
		if other == base {
			t.Errorf("another %s gives the same draw", name)
		}
	}
}

func TestHashTellsNamesApart(t *testing.T) {
	t.Parallel()
	seen := map[uint64]string{}
	for _, s := range []string{"", "\x00", "\x00\x00", "a", "b", "ab", "ba", "12345678", "12345678\x00", "123456789", "812345679"} {
		h := Hash(s)
		if other, ok := seen[h]; ok {
			t.Errorf("%q and %q hash alike", s, other)
		}
		seen[h] = s
	}
	// Keys are part of the meaning of a seed: they must not change by accident.
	if got := Hash("twinwrite"); got != hashOfTwinwrite {
		t.Errorf("Hash(twinwrite) is %#x, was %#x: every seed means another world", got, uint64(hashOfTwinwrite))
	}
}

const hashOfTwinwrite = 0x51b443cf46d69771
