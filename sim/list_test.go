package sim

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// slowList is an event list that is obviously right: a slice, sorted whenever
// it is asked.
type slowList []entry

func (l *slowList) first() *entry {
	if len(*l) == 0 {
		return nil
	}
	slices.SortFunc(*l, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank, b.rank))
	})
	return &(*l)[0]
}

// The list gives the events in the order of the slow one, at whatever sizes it
// changes its form, ties and crowds at one instant included.
func TestListAgreesWithSlowList(t *testing.T) {
	t.Parallel()
	radixUsed := 0
	rapid.Check(t, func(t *rapid.T) {
		heapMax := rapid.IntRange(1, 40).Draw(t, "heapMax")
		l := newList(listSizes{
			heapMax:   heapMax,
			heapAgain: rapid.IntRange(0, heapMax).Draw(t, "heapAgain"),
			batchMax:  rapid.IntRange(0, 8).Draw(t, "batchMax"),
		})
		var slow slowList
		var now Time
		var sequence uint64
		far := rapid.SampledFrom([]Time{0, 3, 1000, 1 << 40, Forever}).Draw(t, "far")

		pushWithin := func(t *rapid.T, far Time) {
			span := min(far, Forever-now)
			at := now + Time(rapid.OneOf(
				rapid.Just(int64(0)),
				rapid.Int64Range(0, int64(min(3, span))),
				rapid.Int64Range(0, int64(span)),
			).Draw(t, "delay"))
			priority := rapid.Uint64Range(0, 2).Draw(t, "priority")
			e := entry{at: at, rank: priority<<sequenceBits | sequence, entity: sequence, arg: ^sequence, address: sequence % 7}
			sequence++
			l.push(e)
			slow = append(slow, e)
		}
		push := func(t *rapid.T) { pushWithin(t, far) }
		take := func(t *rapid.T) {
			want := slow.first()
			got := l.first()
			if want == nil || got == nil {
				if (want == nil) != (got == nil) {
					t.Fatalf("first is %v, want %v", got, want)
				}
				return
			}
			if *got != *want {
				t.Fatalf("first is %+v, want %+v", *got, *want)
			}
			now = got.at
			l.take()
			slow = slow[1:]
		}
		t.Repeat(map[string]func(*rapid.T){
			"push": push,
			"crowd": func(t *rapid.T) {
				for range rapid.IntRange(2, 60).Draw(t, "n") {
					push(t)
				}
			},
			// More than all that is pending, and sooner.
			"burst": func(t *rapid.T) {
				if n := l.len(); n < 300 {
					soon := max(1, far>>rapid.IntRange(2, 40).Draw(t, "soon"))
					for range n + heapMax {
						pushWithin(t, soon)
					}
				}
			},
			"take": take,
			"takeMany": func(t *rapid.T) {
				for range rapid.IntRange(2, 60).Draw(t, "n") {
					take(t)
				}
			},
			"": func(t *rapid.T) {
				if l.len() != len(slow) {
					t.Fatalf("len is %d, want %d", l.len(), len(slow))
				}
				if l.later.count > 0 {
					radixUsed++
				}
			},
		})
		all := l.appendAll(nil)
		if len(all) != len(slow) {
			t.Fatalf("appendAll has %d entries, want %d", len(all), len(slow))
		}
		for len(slow) > 0 {
			take(t)
		}
		if e := l.first(); e != nil {
			t.Fatalf("left over: %+v", *e)
		}
	})
	if radixUsed == 0 {
		t.Error("the radix was never in use: the property was not tried")
	}
}

// Spilling into a radix that is in use moves its base back, past entries in its
// lower buckets. That takes a rare history, so many small lists are tried.
func TestListSpillsAgain(t *testing.T) {
	t.Parallel()
	s := NewStream(1, 0, "spill")
	const lists = 3000
	moved := 0
	for i := range uint64(lists) {
		l := newList(listSizes{heapMax: 2 + int(i%7), heapAgain: 0, batchMax: int(i % 3)})
		var slow slowList
		var now Time
		for j := range uint64(200) {
			draw := s.Bits(i, j)
			pushing := draw&1 == 0
			if j > 100 && len(slow) > 20 {
				pushing = false
			}
			if pushing || len(slow) == 0 {
				for n := range draw >> 1 % 8 {
					wide := s.Bits(i, j<<8|n|1<<63)
					e := entry{at: now + Time(wide>>52>>(wide%12)), rank: j<<8 | n}
					base, low := l.later.base, l.later.lowest()
					l.push(e)
					if l.later.base < base && base != Forever && uint64(base^l.later.base)>>low != 0 {
						moved++
					}
					slow = append(slow, e)
				}
				continue
			}
			want, got := *slow.first(), *l.first()
			if want != got {
				t.Fatalf("list %d: first is %+v, want %+v", i, got, want)
			}
			now = got.at
			l.take()
			slow = slow[1:]
		}
	}
	if moved < 10 {
		t.Errorf("the base moved back past entries %d times: the rare case was not tried", moved)
	}
}

// At the usual sizes too, through growth past the heap and back.
func TestListGrowsAndShrinks(t *testing.T) {
	t.Parallel()
	l := newList(usualSizes)
	s := NewStream(1, 0, "list")
	var now Time
	last := entry{}
	var sequence uint64
	took := 0
	take := func() {
		e := *l.first()
		if took > 0 && last.before(&e) == 0 {
			t.Fatalf("%+v after %+v", e, last)
		}
		last, now = e, e.at
		took++
		l.take()
	}
	for _, size := range []int{usualSizes.heapMax - 1, 3 * usualSizes.heapMax, usualSizes.heapAgain / 2, 50_000, 0} {
		for l.len() < size {
			// Three kinds of delays, far apart, and many ties.
			d := Time(s.Bits(0, sequence)>>40) >> (8 * (s.Bits(1, sequence) % 3))
			l.push(entry{at: now + d, rank: sequence})
			if sequence++; sequence%3 == 0 {
				take()
			}
		}
		for l.len() > size {
			take()
		}
	}
	if uint64(took) != sequence {
		t.Errorf("took %d of %d", took, sequence)
	}
}

// A crowd at one instant larger than the heap's usual limit costs no more than
// its size times a logarithm.
func TestListCrowdDoesNotSpillForever(t *testing.T) {
	t.Parallel()
	l := newList(listSizes{heapMax: 64, heapAgain: 32, batchMax: 8})
	spills := 0
	for i := range uint64(10_000) {
		before := l.spillAt
		l.push(entry{at: 5, rank: i})
		if l.spillAt != before {
			spills++
		}
	}
	if spills > 10 {
		t.Errorf("%d spills", spills)
	}
	for i := range uint64(10_000) {
		if e := l.first(); e.rank != i {
			t.Fatalf("rank %d, want %d", e.rank, i)
		}
		l.take()
	}
}
