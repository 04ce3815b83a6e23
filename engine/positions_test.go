package engine

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPositions compares the set with a list.
func TestPositions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s Positions
		var model []uint64
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			p := rapid.OneOf(rapid.Uint64Range(0, 200), rapid.Uint64()).Draw(t, "position")
			at := slices.Index(model, p)
			if rapid.Bool().Draw(t, "add") {
				if s.Add(p) != (at < 0) {
					t.Fatalf("%d was put in, and it was at %d of %d", p, at, model)
				}
				if at < 0 {
					model = append(model, p)
				}
			} else {
				if s.Remove(p) != (at >= 0) {
					t.Fatalf("%d was taken out, and it was at %d of %d", p, at, model)
				}
				if at >= 0 {
					model = slices.Delete(model, at, at+1)
				}
			}
			slices.Sort(model)
			if got := s.List(); !slices.Equal(got, model) {
				t.Fatalf("the set has %d, want %d", got, model)
			}
		}
	})
}

// TestIndex gives keys that are alike in all but one part numbers of their own.
func TestIndex(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var x Index
		var keys []Key
		keyOf := func(i int32) *Key { return &keys[i] }
		part := rapid.SampledFrom([]string{"", "A", "B", "12345678", "123456789", "1234567890123456"})
		for range rapid.IntRange(0, 300).Draw(t, "keys") {
			k := Key{MapID(rapid.IntRange(0, 2).Draw(t, "map")), part.Draw(t, "company"), part.Draw(t, "id"), part.Draw(t, "spelling")}
			want := int32(slices.Index(keys, k))
			got, known := x.Find(&k, keyOf)
			if known != (want >= 0) || known && got != want {
				t.Fatalf("%+v is found at %d (%v), want %d", k, got, known, want)
			}
			if !known {
				if got = x.Add(&k); int(got) != len(keys) || x.Len() != got+1 {
					t.Fatalf("%+v gets the number %d of %d, want %d", k, got, x.Len(), len(keys))
				}
				keys = append(keys, k)
			}
		}
	})
}
