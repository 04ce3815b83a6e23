package sim

// Stream is a keyed source of random numbers: a function of an entity and an
// ordinal, not a sequence. Equal keys give equal numbers, in any order and
// however often they are asked for. Make it once, keep it by value.
type Stream struct{ key0, key1 uint64 }

// NewStream returns the stream of that name in one run under one seed.
func NewStream(seed, run uint64, name string) Stream {
	root := Mix(seed, run)
	n := Hash(name)
	return Stream{key0: Mix(root, n), key1: Mix(n, root)}
}

// Bits returns 64 random bits for the ordinal-th draw of the entity.
func (s Stream) Bits(entity, ordinal uint64) uint64 {
	return hash2(s.key0, s.key1, entity, ordinal)
}

// U returns a number in the open interval (0, 1), never 0 or 1: an odd multiple
// of 2⁻⁵³, so that 1-U is one as well.
func (s Stream) U(entity, ordinal uint64) float64 {
	return float64(float64(s.Bits(entity, ordinal)>>12<<1|1) * 0x1p-53)
}

// Chance reports whether a thing of probability p happens. Raising p only adds
// to what happens at the same keys.
func (s Stream) Chance(p float64, entity, ordinal uint64) bool {
	return s.U(entity, ordinal) < p
}
