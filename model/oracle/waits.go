package oracle

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Wait is how long a change waited for one thing.
type Wait struct {
	What string
	For  time.Duration
}

// step is where a pair's item of one direction was from an instant on.
type step struct {
	at    sim.Time
	place engine.Place
	why   engine.Reason
}

// Places of a change that the engine does not know of.
const (
	inOutbox engine.Place = 0x80 + iota
	pastHook              // not captured
	longAgo               // what came before the steps that are kept
	uncopied              // as [inOutbox], under the data integrator, which has none
)

// stepsMax is how many steps of an item are kept; then the older half becomes
// one.
const stepsMax = 256

// watcher takes the engine's word for where its items are.
type watcher struct {
	o   *Oracle
	now func() sim.Time
}

// Moved implements [engine.Watcher].
func (w watcher) Moved(pair int32, k *engine.Key, side engine.Side, to engine.Place, why engine.Reason, _ *engine.Key) {
	p := w.o.numberedBy(pair, k)
	if p == nil {
		return
	}
	p.pulled[side] = to != engine.NotQueued && (p.waiting == nil || p.pulled[side])
	if p.waiting != nil {
		l, now := &p.waiting.lines[side], w.now()
		if to == engine.OnTheDesk && !l.onDesk(why) {
			w.o.maps[k.Map].desk[deskClass(why)]++
		}
		if since, ok := l.blockedSince(); ok && to != engine.WaitsFor {
			w.o.maps[k.Map].blocked.add(now.Sub(since))
		}
		l.goes(step{now, to, why})
		w.o.forget(p)
	}
}

// of finds the pair of a reference; nil where there is none.
func (o *Oracle) of(ref *engine.Reference) *pair { return o.numberedBy(ref.Pair-1, &ref.Key) }

// numberedBy finds a pair by the engine's number for it, which is believed only if
// its key is the one that the engine names; nil where there is no such pair. A
// negative number is none.
func (o *Oracle) numberedBy(number int32, k *engine.Key) *pair {
	if number < 0 {
		return o.pairs.find(k)
	}
	if int(number) < len(o.numbers) {
		if at := o.numbers[number]; at > 0 {
			if p := o.pairs.pair(int(at) - 1); *p.key() == *k {
				return p
			}
		}
	}
	at := o.pairs.at(k)
	if at < 0 {
		return nil
	}
	if n := int(number) + 1; n > len(o.numbers) {
		o.numbers = append(o.numbers, make([]int32, n-len(o.numbers))...)
	}
	o.numbers[number] = int32(at) + 1
	return o.pairs.pair(at)
}

// Watcher returns what the engine tells where its items are; now is true time.
// The report of what took long rests on it. A judgement does only where it excuses: what is
// held up, or under way already.
func (o *Oracle) Watcher(now func() sim.Time) engine.Watcher { return watcher{o, now} }

// decided reports whether a side's item may have its outcome without anybody having been
// told, by the engine's word: it is in hand, or has ended, which may not be saved yet.
func (p *pair) decided(side engine.Side) bool {
	if p.waiting == nil {
		return false
	}
	steps := p.waiting.lines[side].steps
	if len(steps) == 0 {
		return false
	}
	place := steps[len(steps)-1].place
	return place == engine.InFlight || place == engine.NotQueued
}

// setOut returns when a side's item was last taken in hand, by the engine's word; 0 where
// nobody saw that.
func (p *pair) setOut(side engine.Side) sim.Time {
	if p.waiting != nil {
		for _, s := range slices.Backward(p.waiting.lines[side].steps) {
			if s.place == engine.InFlight {
				return s.at
			}
		}
	}
	return 0
}

// blockedSince reports whether the line's item waits for a record that it looks
// up, and since when.
func (l *line) blockedSince() (sim.Time, bool) {
	n := len(l.steps)
	if n == 0 || l.steps[n-1].place != engine.WaitsFor {
		return 0, false
	}
	return l.steps[n-1].at, true
}

// onDesk reports whether the line's item is on the error desk for a reason. A
// process that begins again tells of it once more.
func (l *line) onDesk(why engine.Reason) bool {
	n := len(l.steps)
	return n > 0 && l.steps[n-1].place == engine.OnTheDesk && l.steps[n-1].why == why
}

// goes notes a step.
func (l *line) goes(s step) {
	n := len(l.steps)
	if n > 0 && l.steps[n-1].place == s.place && l.steps[n-1].why == s.why {
		return
	}
	if n == stepsMax {
		l.steps[stepsMax/2-1] = step{at: l.steps[0].at, place: longAgo}
		l.steps = l.steps[:copy(l.steps, l.steps[stepsMax/2-1:])]
	}
	l.steps = append(l.steps, s)
}

// begins notes where a new commit waits, unless there is an item that it joins.
func (l *line) begins(at sim.Time, c *commit) {
	if n := len(l.steps); n > 0 && l.steps[n-1].place != engine.NotQueued && l.steps[n-1].place != pastHook {
		return
	}
	place := pastHook
	if c.what.has(captured) {
		place = inOutbox
	}
	l.goes(step{at: at, place: place})
}

// down is a time in which something was not there.
type down struct {
	from, to sim.Time
	what     string
}

// Outage tells, before the run, when a system will be down.
func (o *Oracle) Outage(side engine.Side, from, to sim.Time) {
	o.goesDown(down{from, to, side.String() + " was down"})
}

// Crashed tells that the engine's process ended and lost what it had not
// saved.
func (o *Oracle) Crashed(at sim.Time) {
	o.totals.Crashes++
	o.limits = limits{luck: o.limits.luck + 1, uncounted: true}
	o.forgetTurns()
	o.goesDown(down{at, math.MaxInt64, engineDown})
}

// Restarted tells that the engine's process is back, with what its store holds.
func (o *Oracle) Restarted(at sim.Time, open []engine.OpenReference) {
	o.stillStores(at, open)
	o.Heals(at)
	for i := range o.downs {
		if d := &o.downs[i]; d.what == engineDown {
			d.to = min(d.to, at)
		}
	}
}

const engineDown = "the engine was down"

// goesDown notes a time in which something was not there, in the order of their
// beginnings.
func (o *Oracle) goesDown(d down) {
	i := len(o.downs)
	for i > 0 && o.downs[i-1].from > d.from {
		i--
	}
	o.downs = slices.Insert(o.downs, i, d)
}

// waits tells how the time from one instant to another was spent by an item,
// longest first.
func (o *Oracle) waits(l *line, from, to sim.Time) []Wait {
	var all []Wait
	add := func(what string, from, to sim.Time) {
		if to <= from {
			return
		}
		for i := range all {
			if all[i].What == what {
				all[i].For += to.Sub(from)
				return
			}
		}
		all = append(all, Wait{what, to.Sub(from)})
	}
	for i, s := range l.steps {
		if o.config.Copies && s.place == inOutbox {
			s.place = uncopied
		}
		begin, end := max(s.at, from), to
		if i+1 < len(l.steps) {
			end = min(l.steps[i+1].at, to)
		}
		if s.moves() {
			for _, d := range o.downs { // in the order of their beginnings
				if d.from < end && d.to > begin {
					add(s.what(), begin, d.from)
					add(d.what, max(begin, d.from), min(d.to, end))
					begin = min(d.to, end)
				}
			}
		}
		add(s.what(), begin, end)
	}
	slices.SortFunc(all, func(a, b Wait) int { return cmp.Or(cmp.Compare(b.For, a.For), cmp.Compare(a.What, b.What)) })
	return all
}

// moves reports whether the item would go on if all systems were there.
func (s step) moves() bool {
	switch s.place {
	case inOutbox, uncopied, engine.InTurn, engine.InFlight, engine.BacksOff:
		return true
	}
	return false
}

// what says where an item is, for people.
func (s step) what() string {
	switch s.place {
	case inOutbox:
		return "in the outbox"
	case uncopied:
		return "not copied"
	case pastHook:
		return "not captured"
	case longAgo:
		return "earlier attempts"
	case engine.InTurn:
		return "in the queue, behind others"
	case engine.InFlight:
		return "being read and written"
	case engine.WaitsFor:
		return "waiting for a record that it looks up"
	case engine.BacksOff:
		return "back-off: " + s.why.String()
	case engine.OnTheDesk:
		return "on the error desk: " + s.why.String()
	default:
		return "ended, while the sides still differed"
	}
}
