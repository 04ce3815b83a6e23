package store

import (
	"cmp"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// sortKey is a key's place in the order of keys, for sorting many: of the IDs of a
// map, which begin alike, it has the first letters in which they differ.
type sortKey struct {
	of      engine.MapID
	company string
	letters uint64
	number  int32 // of the index
}

// byKey returns the numbers of all pairs in the order of their keys.
func (s *Memory) byKey() []sortKey {
	alike := map[engine.MapID]string{} // what all IDs of a map begin with
	for i := range s.index.Len() {
		k := s.key(i)
		begin, known := alike[k.Map]
		if n := common(begin, k.ID); !known {
			alike[k.Map] = k.ID
		} else if n < len(begin) {
			alike[k.Map] = begin[:n]
		}
	}
	keys := make([]sortKey, s.index.Len())
	for i := range s.index.Len() {
		k := s.key(i)
		keys[i] = sortKey{k.Map, k.Company, letters(k.ID[len(alike[k.Map]):]), i}
	}
	slices.SortFunc(keys, func(a, b sortKey) int {
		switch {
		case a.of != b.of:
			return cmp.Compare(a.of, b.of)
		case a.company != b.company:
			return cmp.Compare(a.company, b.company)
		case a.letters != b.letters:
			return cmp.Compare(a.letters, b.letters)
		}
		return s.key(a.number).Compare(*s.key(b.number))
	})
	return keys
}

// common returns how many letters two texts begin with in common.
func common(a, b string) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// letters packs the first eight letters of a text, so that they compare like it.
func letters(s string) (packed uint64) {
	for i := range 8 {
		packed <<= 8
		if i < len(s) {
			packed |= uint64(s[i])
		}
	}
	return packed
}
