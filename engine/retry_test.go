package engine

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// failedOften is an item that has failed so often.
func failedOften(number uint32, side Side, attempts int) *lane {
	return &lane{work: &work{open: []queued{{Reference: Reference{Number: number, Side: side}}}, item: item{attempts: attempts}}}
}

// TestBackoffGrowsToItsCap: the waits after each attempt are spread over their whole
// range, which doubles until the longest wait ends that.
func TestBackoffGrowsToItsCap(t *testing.T) {
	t.Parallel()
	c := &Core{cfg: Config{}.WithDefaults()}
	for attempts, most := range []time.Duration{
		1: 2 * time.Second, 2: 4 * time.Second, 3: 8 * time.Second, 4: 16 * time.Second, 5: 32 * time.Second, 6: 64 * time.Second,
		7: 128 * time.Second, 8: 256 * time.Second, 9: 5 * time.Minute, 10: 5 * time.Minute, 1000: 5 * time.Minute,
	} {
		if most == 0 {
			continue
		}
		const items, parts = 8000, 10
		var count [parts]int
		for i := range items {
			d := c.backoffFor(Key{Map: MapID(i % 3), Company: "usmf", ID: fmt.Sprint("C-", i/6)}, failedOften(uint32(1+i%2), Side(i/2%2), attempts))
			if d <= 0 || d > most {
				t.Fatalf("after %d attempts an item waits %v, want more than nothing and at most %v", attempts, d, most)
			}
			count[(d-1)*parts/most]++
		}
		for part, n := range count { // about five standard deviations
			if math.Abs(float64(n)-items/parts) > 140 {
				t.Errorf("after %d attempts %d of %d items wait from %d to %d tenths of %v", attempts, n, items, part, part+1, most)
			}
		}
	}
}

// TestBackoffIsDrawnByItsKey: who asks again is told the same, and another attempt,
// change, side or record waits another time.
func TestBackoffIsDrawnByItsKey(t *testing.T) {
	t.Parallel()
	c := &Core{cfg: Config{RetryTimes: 1}.WithDefaults()} // the range is the same at all attempts
	seen := map[time.Duration]string{}
	k := Key{Map: 1, Company: "usmf", ID: "C-1"}
	for _, k := range []Key{k, {Map: 2, Company: "usmf", ID: "C-1"}, {Map: 1, Company: "usrt", ID: "C-1"}, {Map: 1, Company: "usmf", ID: "C-2"}} {
		for number := uint32(1); number <= 3; number++ {
			for _, side := range Sides {
				for attempts := 1; attempts <= 5; attempts++ {
					what := fmt.Sprintf("%+v #%d of %s, attempt %d", k, number, side, attempts)
					d := c.backoffFor(k, failedOften(number, side, attempts))
					if again := c.backoffFor(k, failedOften(number, side, attempts)); again != d {
						t.Errorf("%s waits %v, and when asked again %v", what, d, again)
					}
					if other, drawn := seen[d]; drawn {
						t.Errorf("%s waits %v, as %s does", what, d, other)
					}
					seen[d] = what
				}
			}
		}
	}
	first, second := c.backoffFor(k, failedOften(1, FinOps, 1)), c.backoffFor(k, failedOften(1, FinOps, 2))
	if apart := (first - second).Abs(); apart < time.Millisecond {
		t.Errorf("the waits of two attempts are only %v apart", apart)
	}
}

// TestBackoffTakesAnyFactor: a factor that leaves the range of a time leads to the
// longest wait.
func TestBackoffTakesAnyFactor(t *testing.T) {
	t.Parallel()
	c := &Core{cfg: Config{RetryTimes: 1e300, RetryCap: math.MaxInt64}.WithDefaults()}
	for attempts := 1; attempts < 9; attempts++ {
		if d := c.backoffFor(Key{ID: "C-1"}, failedOften(1, FinOps, attempts)); d <= 0 || attempts == 1 && d > 2*time.Second {
			t.Errorf("after %d attempts an item waits %v", attempts, d)
		}
	}
}

// TestPauseDoublesUnderRepeatedRefusals: a write that is refused again after it has
// waited as long as it was told waits twice as long, up to the longest back-off or what
// the side asks for, and no longer than told once something was written.
func TestPauseDoublesUnderRepeatedRefusals(t *testing.T) {
	t.Parallel()
	refused := func(c *Core, told time.Duration) time.Duration {
		g := &c.gates[Dataverse]
		c.now = max(c.now, g.pause)
		c.gateFailed(&Input{Side: Dataverse, Failure: Throttled, RetryAfter: told}, true)
		return time.Duration(g.pause - c.now)
	}
	for _, test := range []struct{ told, second, third, fifth, ninth time.Duration }{
		{10 * time.Second, 20 * time.Second, 40 * time.Second, 160 * time.Second, 5 * time.Minute},
		{time.Second, 2 * time.Second, 4 * time.Second, 16 * time.Second, 256 * time.Second},
		{10 * time.Minute, 10 * time.Minute, 10 * time.Minute, 10 * time.Minute, 10 * time.Minute},
	} {
		c := &Core{cfg: Config{}.WithDefaults()}
		for i, want := range []time.Duration{1: test.told, 2: test.second, 3: test.third, 5: test.fifth, 9: test.ninth, 40: max(5*time.Minute, test.told)} {
			if i == 0 {
				continue
			}
			if d := refused(c, test.told); want != 0 && d != want {
				t.Errorf("told %v for the time number %d, a write waits %v, want %v", test.told, i, d, want)
			}
		}
	}
	c := &Core{cfg: Config{}.WithDefaults()}
	refused(c, 10*time.Second)
	g := &c.gates[Dataverse]
	if c.gateFailed(&Input{Side: Dataverse, Failure: Throttled, RetryAfter: 10 * time.Second}, true); g.refusals != 1 {
		t.Errorf("a write that set out before the pause counts as the refusal number %d", g.refusals)
	}
	c.now = c.now.Add(10 * time.Second)
	if c.gateFailed(&Input{Side: Dataverse, Failure: Throttled, RetryAfter: 10 * time.Second}, false); time.Duration(g.pause-c.now) != 10*time.Second {
		t.Errorf("a read waits %v, want what it was told", time.Duration(g.pause-c.now))
	}
}
