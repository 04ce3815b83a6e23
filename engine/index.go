package engine

// Index numbers keys in the order in which they are first heard of, from 0. Its
// owner keeps the keys themselves, each under its number. It stands in for a Go map,
// which at a million keys costs the collector more than what is found by them: its
// slots hold no pointers. The zero value is empty.
//
// It is an open-addressing table with linear probing. A slot is empty (0), or holds
// a hash in its upper half and a number plus 1 in its lower.
type Index struct {
	slots []uint64
	count int32
}

// Find returns the number of a key, if it has one; keyOf tells the key of a number.
func (x *Index) Find(k *Key, keyOf func(int32) *Key) (number int32, known bool) {
	if len(x.slots) == 0 {
		return 0, false
	}
	hash, mask := k.hash(), uint64(len(x.slots)-1)
	for i := hash & mask; x.slots[i] != 0; i = (i + 1) & mask {
		if s := x.slots[i]; s>>32 == hash && *keyOf(int32(uint32(s) - 1)) == *k {
			return int32(uint32(s) - 1), true
		}
	}
	return 0, false
}

// Add gives a key that has no number the next one.
func (x *Index) Add(k *Key) (number int32) {
	if 4*(int(x.count)+1) > 3*len(x.slots) {
		old := x.slots
		x.slots = make([]uint64, max(64, 2*len(old)))
		for _, s := range old {
			if s != 0 {
				x.put(s)
			}
		}
	}
	x.count++
	x.put(k.hash()<<32 | uint64(x.count))
	return x.count - 1
}

func (x *Index) put(slot uint64) {
	mask := uint64(len(x.slots) - 1)
	i := slot >> 32 & mask
	for x.slots[i] != 0 {
		i = (i + 1) & mask
	}
	x.slots[i] = slot
}

// Len returns how many keys have a number.
func (x *Index) Len() int32 { return x.count }

// hash mixes all parts of a key into 32 bits.
func (k *Key) hash() uint64 {
	h := hashText(hashWord(fnvOffset, uint64(k.Map)), k.ID)
	if k.Company != "" {
		h = hashText(h, k.Company)
	}
	if k.Spelling != "" {
		h = hashText(^h, k.Spelling)
	}
	return spread(h) >> 32
}

// spread makes the upper bits of a hash depend on all that was fed to it, the last word
// included, of which [hashWord] alone leaves little there.
func spread(h uint64) uint64 { return (h ^ h>>32) * 0x9e3779b97f4a7c15 }
