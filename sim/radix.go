package sim

import "math/bits"

// radix holds the entries of a far future roughly sorted, in buckets that
// widen by powers of two with the distance from a base instant: bucket b holds
// the entries whose time first differs from the base in bit b-1.
//
//	base       0b...0110'1001
//	bucket 2   0b...0110'101x
//	bucket 3   0b...0110'11xx
//	bucket 5   0b...0111'xxxx
//
// As every entry is later than the base, a lower bucket holds only earlier
// entries than a higher one, and to move the base into the lowest bucket
// concerns the entries of that bucket alone. So an entry is written once when
// it is scheduled and once for each lower bucket that it passes through, always
// at the end of a page: no search, no comparison, no jump through memory. The
// cost does not depend on how the times are spread, which is what makes other
// bucket queues collapse.
//
// Pages come from a common stock, so memory follows the number of entries and
// not the history of each bucket.
type radix struct {
	base     Time
	count    int
	occupied uint64 // bit b: bucket b is not empty
	buckets  [64]bucket
	spare    *page
}

type bucket struct {
	head     *page // the page being filled; the others, all full, follow
	used     int   // entries in the head
	count    int
	earliest Time // of its entries
}

// pageEntries keeps a page at 4 KiB.
const pageEntries = 102

// page is a part of a bucket. used is right once the bucket has been detached:
// while a page is being filled its bucket counts, as pages lie at multiples of
// their size, and the same word of all of them competes for the same few lines
// of the cache.
type page struct {
	next    *page
	used    int
	entries [pageEntries]entry
}

// room returns the place for an entry of that time, which is later than the
// base. The caller must write it at once.
func (r *radix) room(at Time) *entry {
	i := bits.Len64(uint64(at ^ r.base))
	b := &r.buckets[i&63]
	if b.head == nil || b.used == pageEntries {
		b.head = r.newPage(b.head)
		b.used = 0
		r.occupied |= 1 << i
	}
	if b.count == 0 || at < b.earliest {
		b.earliest = at
	}
	b.count++
	r.count++
	b.used++
	return &b.head.entries[b.used-1]
}

func (r *radix) newPage(next *page) *page {
	p := r.spare
	if p == nil {
		p = new(page)
	} else {
		r.spare = p.next
	}
	p.next = next
	p.used = pageEntries
	return p
}

// lowest returns the bucket with the earliest entries of a radix that is not
// empty.
func (r *radix) lowest() int { return bits.TrailingZeros64(r.occupied) }

// end returns the last instant that belongs to bucket i.
func (r *radix) end(i int) Time { return r.base | (Time(1)<<i - 1) }

// detach empties bucket i and returns its pages, which the caller gives back
// one by one with release.
func (r *radix) detach(i int) *page {
	b := &r.buckets[i]
	p := b.head
	if p != nil {
		p.used = b.used
	}
	r.count -= b.count
	r.occupied &^= 1 << i
	*b = bucket{}
	return p
}

// release takes back a page and returns the one that followed it.
func (r *radix) release(p *page) *page {
	next := p.next
	p.next = r.spare
	r.spare = p
	return next
}
