package oracle

import "github.com/twinwrite/twinwrite/engine"

// index finds pairs by their keys. It stands in for a Go map, which at a
// million keys costs the collector more than all the rest of the oracle: its
// slots hold no pointers, and the keys are those of the records themselves.
//
// It is an open-addressing table with linear probing. A slot is empty (0), or
// holds the upper half of a hash and the pair's place in the slabs plus 1.
type index struct {
	slots []uint64
	slabs [][]pair // never moved; in the order in which the pairs were first seen
	count int
}

// slabSize is how many pairs are allocated at once: few, as the world of a test case
// has a dozen.
const slabSize = 32

// slab allocates many of a kind at once. It is for what stays as long as its pair:
// all of a slab stays as long as one of it.
type slab[T any] struct{ left []T }

func (s *slab[T]) take() *T {
	if len(s.left) == 0 {
		s.left = make([]T, slabSize)
	}
	taken := &s.left[0]
	s.left = s.left[1:]
	return taken
}

func (x *index) pair(i int) *pair { return &x.slabs[i/slabSize][i%slabSize] }

// find returns the pair of a key, or nil. Spelling counts: a record that is
// spelt otherwise is another pair.
func (x *index) find(k *engine.Key) *pair {
	if i := x.at(k); i >= 0 {
		return x.pair(i)
	}
	return nil
}

// at returns the place of a key's pair in the slabs, or -1.
func (x *index) at(k *engine.Key) int {
	if len(x.slots) == 0 {
		return -1
	}
	h := hash(k)
	for i := h & (len32(x.slots) - 1); ; i = (i + 1) & (len32(x.slots) - 1) {
		s := x.slots[i]
		if s == 0 {
			return -1
		}
		if uint32(s>>32) == h {
			if at := int(uint32(s)) - 1; *x.pair(at).key() == *k {
				return at
			}
		}
	}
}

// add makes a pair for a key that has none. The caller gives it a record with
// that key at once.
func (x *index) add(k *engine.Key) *pair {
	if 4*(x.count+1) > 3*len(x.slots) {
		x.grow()
	}
	if x.count%slabSize == 0 {
		x.slabs = append(x.slabs, make([]pair, slabSize))
	}
	x.count++
	h := hash(k)
	x.put(uint64(h)<<32 | uint64(uint32(x.count)))
	return x.pair(x.count - 1)
}

func (x *index) put(slot uint64) {
	i := uint32(slot>>32) & (len32(x.slots) - 1)
	for x.slots[i] != 0 {
		i = (i + 1) & (len32(x.slots) - 1)
	}
	x.slots[i] = slot
}

func (x *index) grow() {
	old := x.slots
	x.slots = make([]uint64, max(64, 2*len(old)))
	for _, s := range old {
		if s != 0 {
			x.put(s)
		}
	}
}

func len32(s []uint64) uint32 { return uint32(len(s)) }

// hash mixes all parts of a key into 32 bits (FNV-1a with a final mix).
func hash(k *engine.Key) uint32 {
	h := keySum(k)
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15
	return uint32(h >> 32)
}

// keySum mixes them into 64 bits, without the final mix.
func keySum(k *engine.Key) uint64 {
	h := uint64(0xcbf29ce484222325) ^ uint64(k.Map)
	return mix(mix(mix(h, k.Company), k.ID), k.Spelling)
}

func mix(h uint64, s string) uint64 {
	const prime = 0x100000001b3
	h = (h ^ uint64(len(s))) * prime
	for len(s) >= 8 {
		w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		h = (h ^ w) * prime
		h ^= h >> 29
		s = s[8:]
	}
	rest := uint64(0)
	for i := range len(s) {
		rest = rest<<8 | uint64(s[i])
	}
	h = (h ^ rest) * prime
	return h ^ h>>29
}
