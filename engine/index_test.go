package engine

import (
	"fmt"
	"testing"
)

// TestIndexAgainstMap fills the index past several growths with keys that differ in one
// part at a time.
func TestIndexAgainstMap(t *testing.T) {
	t.Parallel()
	var x Index
	var keys []Key
	keyOf := func(i int32) *Key { return &keys[i] }
	known := map[Key]int32{}
	for i := range 20_000 {
		k := Key{Map: MapID(i % 3), ID: fmt.Sprintf("RECORD-%d", i/12)}
		if i%2 == 1 {
			k.Company = "usmf"
		}
		if i%12 >= 6 {
			k.Spelling = "record"
		}
		want, there := known[k]
		if got, found := x.Find(&k, keyOf); found != there || got != want {
			t.Fatalf("%v is found at %d, %v, want %d, %v", k, got, found, want, there)
		}
		if !there {
			keys = append(keys, k)
			known[k] = x.Add(&k)
		}
	}
	if int(x.Len()) != len(known) || x.Len() < 15_000 {
		t.Errorf("%d keys, want %d", x.Len(), len(known))
	}
	for k, want := range known {
		if got, found := x.Find(&k, keyOf); !found || got != want {
			t.Errorf("%v is found at %d, want %d", k, got, want)
		}
	}
	longest := 0
	for i, run := 0, 0; i < len(x.slots); i++ {
		if run++; x.slots[i] == 0 {
			run = 0
		}
		longest = max(longest, run)
	}
	if longest > 200 {
		t.Errorf("%d slots in a row are taken: the hash spreads badly", longest)
	}
}

// TestTextsHashApart looks for texts of every length that differ in one byte, or in their
// length alone, and hash alike.
func TestTextsHashApart(t *testing.T) {
	t.Parallel()
	seen := map[uint64]string{}
	for n := range 60 {
		text := make([]byte, n)
		for at := range n + 1 {
			for _, c := range []byte{0, 1, 'a', 'b', 0xff} {
				clear(text)
				if at < n {
					text[at] = c
				} else if c != 0 {
					break
				}
				h := hashText(fnvOffset, string(text))
				if was, is := seen[h]; is && was != string(text) {
					t.Fatalf("%q and %q hash alike", was, text)
				}
				seen[h] = string(text)
			}
		}
	}
}
