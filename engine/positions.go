package engine

import (
	"maps"
	"math/bits"
	"slices"
)

// Positions is a set of outbox positions. They come and go nearly in order, so that
// it holds them in words of 64 bits, and the word that was looked at last apart: most
// of what is asked is asked of that one. The zero value is empty.
type Positions struct {
	others map[uint64]uint64 // by position / 64; none of them is empty
	word   uint64            // of them, the one that stands apart
	bits   uint64
}

// turn lets the word of a position stand apart, and returns its bit.
func (s *Positions) turn(p uint64) (bit uint64) {
	if w := p / 64; w != s.word {
		if s.others == nil {
			s.others = map[uint64]uint64{}
		}
		if s.bits != 0 {
			s.others[s.word] = s.bits
		}
		s.word, s.bits = w, s.others[w]
		delete(s.others, w)
	}
	return 1 << (p % 64)
}

// Add puts a position in, and reports whether it was not in.
func (s *Positions) Add(p uint64) bool {
	bit := s.turn(p)
	was := s.bits
	s.bits |= bit
	return was != s.bits
}

// Remove takes a position out, and reports whether it was in.
func (s *Positions) Remove(p uint64) bool {
	bit := s.turn(p)
	was := s.bits
	s.bits &^= bit
	return was != s.bits
}

// List returns the positions, ascending; nil for none.
func (s *Positions) List() (list []uint64) {
	add := func(w, in uint64) {
		for ; in != 0; in &= in - 1 {
			list = append(list, w*64+uint64(bits.TrailingZeros64(in)))
		}
	}
	add(s.word, s.bits)
	for _, w := range slices.Sorted(maps.Keys(s.others)) {
		add(w, s.others[w])
	}
	slices.Sort(list)
	return list
}
