package sim

import "math/bits"

// Odd constants with balanced bits, from the fractional parts of the golden
// ratio and of square roots.
const (
	mixA = 0x9e3779b97f4a7c15
	mixB = 0xd1342543de82ef95
	mixC = 0xa0761d6478bd642f
	mixD = 0xe7037ed1a0b428db
)

// fold multiplies to 128 bits and adds the halves without carry: every bit of
// the result depends on every bit of both factors.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hash2 is a hash of two words under two key words. Two rounds of fold pass the
// usual batteries of tests for counters in either word; one does not.
func hash2(key0, key1, a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^key0, b^key1)
	return fold(lo^mixC, hi^mixD^key0)
}

// Mix makes one key out of two, for entities that have several parts. It is
// not symmetric.
func Mix(a, b uint64) uint64 { return hash2(mixA, mixB, a, b) }

// Hash makes a key out of a name. It is the same in every process.
func Hash(s string) uint64 {
	h := uint64(len(s))
	for ; len(s) >= 8; s = s[8:] {
		h = Mix(h, uint64(s[0])|uint64(s[1])<<8|uint64(s[2])<<16|uint64(s[3])<<24|
			uint64(s[4])<<32|uint64(s[5])<<40|uint64(s[6])<<48|uint64(s[7])<<56)
	}
	var rest uint64
	for i := len(s) - 1; i >= 0; i-- {
		rest = rest<<8 | uint64(s[i])
	}
	return Mix(h, rest)
}
