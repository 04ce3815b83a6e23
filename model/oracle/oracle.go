package oracle

import (
	"fmt"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Config sets up an [Oracle]. The zero value of each field but Maps means its
// default.
type Config struct {
	Maps          []*engine.TableMap // by MapID
	ViolationsMax uint64             // of one property, after which [Oracle.Stop] asks the run to end; 100
	Examples      int                // violations of one property kept with their text; 5
	Worst         int                // slowest changes kept; 20
	SamplesMax    int                // convergence samples kept; 100,000
	PointsMax     int                // points kept of the divergent pairs over time; 4,096

	// Copies says that the data integrator copies rows in place of the engine. No
	// contract is judged then; [Report.Copied] tells what was lost.
	Copies bool
}

// WithDefaults returns c with its zero fields filled in.
func (c Config) WithDefaults() Config {
	if c.ViolationsMax == 0 {
		c.ViolationsMax = 100
	}
	if c.Examples == 0 {
		c.Examples = 5
	}
	if c.Worst == 0 {
		c.Worst = 20
	}
	if c.SamplesMax == 0 {
		c.SamplesMax = 100_000
	}
	if c.PointsMax == 0 {
		c.PointsMax = 4_096
	}
	return c
}

// Oracle observes one world. Every method that takes an instant is called in
// the order of true time. It is not for concurrent use.
type Oracle struct {
	config  Config
	lookups [][]int // by map: columns that hold lookups

	pairs   index
	spare   []*waiting
	target  [2]lookedUp // by side: the lookup checked last
	current [2]*transaction

	tallies  [properties]tally
	stop     bool
	outbox   [2]uint64
	totals   Totals
	bound    uint64 // user's changes among the captured ones
	maps     []mapTally
	causes   []ErrorCount
	samples  sampler
	worst    []Worst
	apart    series
	differ   int // pairs that differ now
	stories  []*transaction
	torn     []*transaction // partly visible longest, and whole in the end; longest first
	serial   uint64
	copies   *copies // nil: the engine carries changes
	finished bool
}

// mapTally counts what happened in one map.
type mapTally struct {
	captured [2]uint64
	creates  [2]uint64
	outcomes [2][classesMax][reasonsMax]uint64
	partly   sim.Time // the longest that a transaction was partly visible
	partlyTx engine.TxID

	neverWhole uint64
}

// Upper bounds of the engine's lists of classes and reasons.
const (
	classesMax = 16
	reasonsMax = 48
)

// lookedUp remembers a looked-up key by its address.
type lookedUp struct {
	at   *engine.Key
	pair *pair
}

// New returns an oracle that has seen nothing yet.
func New(c Config) *Oracle {
	o := &Oracle{config: c.WithDefaults()}
	o.lookups = make([][]int, len(c.Maps))
	for i, m := range c.Maps {
		for j := range m.Columns {
			if len(m.Columns[j].Lookups) > 0 {
				o.lookups[i] = append(o.lookups[i], j)
			}
		}
	}
	o.maps = make([]mapTally, len(c.Maps))
	o.samples = sampler{most: o.config.SamplesMax, stride: 1}
	o.apart = series{most: o.config.PointsMax}
	if c.Copies {
		o.copies = &copies{}
	}
	return o
}

// Loaded tells of a record that was there before the run began, and returns
// its Trace. Content that was there is no user's change: what happens to it is
// no lost update.
func (o *Oracle) Loaded(at sim.Time, side engine.Side, r *engine.Record) any {
	p := o.pairOf(nil, r)
	h := p.head[side.Other()]
	if h == nil {
		h = &head{pair: p, last: noSide}
	}
	p.head[side], p.record[side] = h, r
	p.number[side], p.life[side] = r.Mark.Number, r.Mark.Incarnation
	o.compare(at, p)
	return h
}

// Transaction announces a user's transaction with more than one record, or one
// that the report tells of by its name; others may be left out. It is called
// before the transaction's commits, at the same instant. refs is the number of
// references that it makes.
func (o *Oracle) Transaction(at sim.Time, side engine.Side, tx engine.TxID, name string, refs int) {
	o.totals.Transactions[side]++
	o.current[side] = nil
	if refs < 2 && name == "" {
		return
	}
	t := &transaction{id: tx, side: side, name: name, committed: at, records: refs}
	o.current[side] = t
	if name != "" {
		o.stories = append(o.stories, t)
	}
}

// UserCommit tells of a user's committed change of one record and returns the
// Trace to publish with it. before is nil when the side has never held the
// key; after is final but for its Trace; ref is nil when the change was not
// captured. The oracle keeps after.
func (o *Oracle) UserCommit(at sim.Time, side engine.Side, before, after *engine.Record, ref *engine.Reference) any {
	p := o.pairOf(before, after)
	prev := p.record[side]
	o.counters(at, side, prev, after)
	p.record[side] = after
	if ref == nil && prev != nil && alive(prev) == alive(after) && sameContent(prev.Values, after.Values) {
		return p.head[side]
	}
	other := side.Other()
	mine, theirs := p.commits(side), p.commits(other)
	h := &head{pair: p, commits: mine, last: side}
	h.commits[side]++
	if o.copies != nil {
		h.origins = o.copies.edited(at, p, side, len(o.config.Maps[after.Key.Map].Columns), prev, after, ref)
	}
	p.head[side] = h

	c := commit{
		born: at, index: h.commits[side], what: users,
		number: p.number[side], life: after.Mark.Incarnation,
	}
	if !alive(prev) {
		c.what |= created
	}
	if p.alive(other, mine[other], theirs[other]) {
		c.what |= contested
		o.contest(p, other, mine[other])
	}
	if ref != nil {
		o.capture(at, p, side, &c, ref)
		o.bound++
		if t := o.current[side]; t != nil && t.id == ref.Tx {
			t.add(p, &c)
		}
	}
	o.line(p, side).push(c)
	o.compare(at, p)
	return h
}

// contest marks the open commits of a side, after the one given, as concurrent
// with a new commit of the other side.
func (o *Oracle) contest(p *pair, s engine.Side, after uint32) {
	from := max(after, p.paired[s])
	all := p.open(s)
	for i := len(all) - 1; i >= 0 && all[i].index > from; i-- {
		if !all[i].what.has(dropped) {
			all[i].what |= contested
		}
	}
	p.paired[s] = p.commits(s)[s]
}

// capture gives a commit its reference.
func (o *Oracle) capture(at sim.Time, p *pair, side engine.Side, c *commit, ref *engine.Reference) {
	if ref.Side != side || ref.Incarnation < p.life[side] || ref.Incarnation == p.life[side] && ref.Number <= p.number[side] {
		o.breach(monotonic, at, &ref.Key, "the %s reference %d.%d was captured on the %s side after %d.%d",
			ref.Side, ref.Incarnation, ref.Number, side, p.life[side], p.number[side])
	}
	p.number[side], p.life[side] = ref.Number, ref.Incarnation
	c.number, c.life = ref.Number, ref.Incarnation
	c.what |= captured
	c.serial = o.serial
	o.serial++
	t := &o.maps[ref.Key.Map]
	t.captured[side]++
	if c.what.has(created) {
		t.creates[side]++
	}
	o.totals.Captured++
}

// EngineCommit tells of a write of the engine that committed on a side and
// returns the Trace to publish with it. before is nil when the side has never
// held the key; after is final but for its Trace; ref is what was appended to
// the outbox with it, nil for nothing. The oracle keeps after.
func (o *Oracle) EngineCommit(at sim.Time, side engine.Side, w *engine.Write, before, after *engine.Record, ref *engine.Reference) any {
	source, ok := w.Source.Trace.(*head)
	if !ok {
		panic(fmt.Sprintf("oracle: the source of a %v write of %v carries no history but %T", w.Kind, w.Key, w.Source.Trace))
	}
	p := source.pair
	prev := p.record[side]
	o.counters(at, side, prev, after)
	o.tallies[noEcho].checked++
	o.totals.EngineWrites++
	switch w.Kind {
	case engine.LateWrite:
		o.late(at, p, side, prev, ref)
	case engine.MarkWrite:
		o.totals.MarkWrites++
		o.merge(at, p, side, source, w, after)
	case engine.CarryWrite:
		o.carry(at, p, side, source, w, prev, after)
	}
	if w.Kind != engine.LateWrite && ref != nil {
		o.breach(noEcho, at, &after.Key, "the engine's own %v write on %s was captured as a change, number %d", w.Kind, side, ref.Number)
		c := commit{born: at, index: p.commits(side)[side]}
		o.capture(at, p, side, &c, ref)
		o.line(p, side).push(c)
	}
	p.record[side] = after
	o.compare(at, p)
	o.forget(p)
	return p.head[side]
}

// late is a capture of what had gone past the hook.
func (o *Oracle) late(at sim.Time, p *pair, side engine.Side, prev *engine.Record, ref *engine.Reference) {
	o.totals.LateCaptures++
	if ref == nil {
		o.breach(closedBooks, at, p.key(), "a late capture on %s made no reference", side)
		return
	}
	if all := p.open(side); len(all) > 0 {
		// The newest commit, if it bypassed the hook and is still what the side holds.
		if c := &all[len(all)-1]; c.what&(captured|users|dropped|foundEqual) == users {
			c.what &^= agreed
			o.capture(at, p, side, c, ref)
			return
		}
	}
	c := commit{born: at, index: p.commits(side)[side]}
	if prev != nil && prev.Mark.Incarnation == 0 {
		// Content older than the sync becomes a change of its own.
		h := &head{pair: p, commits: p.commits(side), last: side}
		h.commits[side]++
		p.head[side] = h
		c.index, c.what = c.index+1, users
		o.bound++
		other := side.Other()
		if theirs := p.commits(other); p.alive(other, h.commits[other], theirs[other]) {
			c.what |= contested
			o.contest(p, other, h.commits[other])
		}
	} else {
		o.breach(noEcho, at, p.key(), "late capture on %s of a record that nobody had changed past the hook", side)
	}
	o.capture(at, p, side, &c, ref)
	o.line(p, side).push(c)
}

// merge is a found-equal write: the target's history takes in the source's.
func (o *Oracle) merge(at sim.Time, p *pair, y engine.Side, source *head, w *engine.Write, after *engine.Record) {
	x := y.Other()
	was := p.commits(y)
	o.tallies[noLostUpdate].checked++
	if !sameContent(w.Source.Values, after.Values) {
		o.breach(noLostUpdate, at, &after.Key, "%s was marked as holding what %s holds, and does not", y, x)
		return
	}
	now := [2]uint32{max(was[0], source.commits[0]), max(was[1], source.commits[1])}
	o.reached(at, p, x, was[x], source.commits[x], carried|foundEqual)
	all := p.open(y)
	for i := len(all) - 1; i >= 0 && all[i].index > source.commits[y]; i-- {
		all[i].what |= foundEqual
	}
	o.move(p, y, now, source)
}

// move sets the head of side y, sharing one that exists if it fits.
func (o *Oracle) move(p *pair, y engine.Side, now [2]uint32, source *head) {
	switch {
	case now == source.commits:
		p.head[y] = source
	case p.head[y] != nil && now == p.head[y].commits && p.head[y].last == source.last:
	default:
		p.head[y] = &head{pair: p, commits: now, last: source.last}
	}
}

// carry is a write of the source's content: a fast-forward, or one that drops
// commits of the target.
func (o *Oracle) carry(at sim.Time, p *pair, y engine.Side, source *head, w *engine.Write, prev, after *engine.Record) {
	x := y.Other()
	key := &after.Key
	was, is := p.commits(y), source.commits
	o.tallies[noLostUpdate].checked++
	if w.Override != 0 {
		o.totals.Overrides++
	}
	if !sameContent(w.Source.Values, after.Values) {
		o.breach(trueOutcome, at, key, "%s was written from %s and holds something else", y, x)
	}
	fresh := p.alive(x, was[x], is[x])
	if alive(prev) {
		unseen := p.alive(y, is[y], was[y])
		stale := p.alive(x, is[x], was[x])
		switch {
		case unseen && prev.Mark.Incarnation == 0:
			o.totals.DriftOverwritten++
		case unseen:
			o.written(at, p, y, is, was, w, fresh)
		case w.Override != 0:
			o.breach(trueOutcome, at, key, "%s was overridden although %s knew all its changes", y, x)
		}
		if stale {
			o.breach(noLostUpdate, at, key, "an older state of %s was written over a newer one on %s: %s",
				x, y, o.describe(p, x, is[x], was[x]))
		}
		if !fresh && !unseen && !stale && source.last == y {
			o.breach(noEcho, at, key, "%s got back from %s what was last changed on %s, and held it already", y, x, y)
		}
		if unseen {
			o.fall(at, p, y, is[y], was[y], w.Override != 0 || prev.Mark.Incarnation == 0, prev.Mark.Incarnation != 0)
		}
	}
	o.reached(at, p, x, was[x], is[x], carried)
	is[y] = max(is[y], was[y])
	o.move(p, y, is, source)
	o.references(at, y, key, prev, after)
}

// written judges a write over commits of the target that its source does not
// know.
func (o *Oracle) written(at sim.Time, p *pair, y engine.Side, is, was [2]uint32, w *engine.Write, fresh bool) {
	x := y.Other()
	key := p.key()
	o.tallies[primaryWins].checked++
	if x != o.config.Maps[key.Map].Primary {
		o.breach(primaryWins, at, key, "%s, which is not primary, was written over a concurrent change of %s", x, y)
	}
	switch {
	case w.Override == 0:
		o.breach(noLostUpdate, at, key, "%s was written over a change of %s that %s had not seen, and no conflict was declared: %s",
			x, y, x, o.describe(p, y, is[y], was[y]))
	case !fresh:
		o.breach(trueOutcome, at, key, "%s was overridden by %s, which had no change of its own", y, x)
	}
}

// describe tells the newest commit of side s in (from, to].
func (o *Oracle) describe(p *pair, s engine.Side, from, to uint32) string {
	all := p.open(s)
	for i := len(all) - 1; i >= 0; i-- {
		c := &all[i]
		if c.index <= to && c.index > from && c.what.has(users) {
			if c.what.has(captured) {
				return fmt.Sprintf("change %d.%d of %s, made at %v", c.life, c.number, s, c.born)
			}
			return fmt.Sprintf("an uncaptured change of %s, made at %v", s, c.born)
		}
	}
	return fmt.Sprintf("%d changes of %s", to-from, s)
}

// fall drops the commits of side y in (from, to]. The newest of them is the
// one whose reference must say so.
func (o *Oracle) fall(at sim.Time, p *pair, y engine.Side, from, to uint32, declared, booked bool) {
	all := p.open(y)
	newest := booked
	for i := len(all) - 1; i >= 0 && all[i].index > from; i-- {
		c := &all[i]
		if !c.what.has(users) || c.what.has(dropped) || c.index > to {
			continue
		}
		c.what |= dropped
		if newest && declared {
			c.what |= fallen
			switch {
			case c.what.has(foundEqual):
			case !c.what.has(captured):
				o.breach(noLostUpdate, at, p.key(), "an uncaptured change of %s, made at %v, was overridden: nothing will ever tell", y, c.born)
			case c.what.has(settled) && c.class != engine.ConflictFailure && c.class != engine.Dismissed:
				o.breach(noLostUpdate, at, p.key(), "change %d.%d of %s was overridden after it had ended as %s", c.life, c.number, y, c.class)
			}
		}
		newest = false
		if c.tx != nil {
			o.seen(at, c, false)
		}
	}
	p.drop(y, from, to)
}

// reached notes that the commits of side x in (from, to] are now part of the
// other side's record.
func (o *Oracle) reached(at sim.Time, p *pair, x engine.Side, from, to uint32, how flags) {
	all := p.open(x)
	for i := len(all) - 1; i >= 0 && all[i].index > from; i-- {
		c := &all[i]
		if !c.what.has(users) || c.index > to || c.what.has(dropped) {
			continue
		}
		if c.what.has(settled) && c.class == engine.ConflictFailure && how&foundEqual == 0 && c.what&(carried|foundEqual) == 0 {
			o.breach(trueOutcome, at, p.key(), "change %d.%d of %s ended as a conflict failure and was carried all the same", c.life, c.number, x)
		}
		if c.tx != nil && !c.what.has(carried) {
			o.seen(at, c, true)
		}
		c.what |= how
	}
}

// references checks the lookups that an engine write brought to a side.
func (o *Oracle) references(at sim.Time, y engine.Side, key *engine.Key, prev, after *engine.Record) {
	for _, c := range o.lookups[key.Map] {
		v := &after.Values[c]
		if v.Kind != engine.KindLookup || alive(prev) && sameValue(v, &prev.Values[c]) {
			continue
		}
		o.tallies[referenceOrder].checked++
		l := &o.target[y]
		if l.at != v.Target || l.pair == nil {
			k := *v.Target
			k.Spelling = ""
			*l = lookedUp{v.Target, o.pairs.find(&k)}
		}
		if k := v.Target; k.Map == key.Map && k.Company == key.Company && k.ID == key.ID && key.Spelling == "" {
			continue // it looks itself up
		}
		if l.pair == nil || !alive(l.pair.record[y]) {
			o.breach(referenceOrder, at, key, "%s was given a lookup to %s, which it does not hold", y, o.record(v.Target))
		}
	}
}

// counters checks that the marks of a side go forward only.
func (o *Oracle) counters(at sim.Time, side engine.Side, prev, after *engine.Record) {
	o.tallies[monotonic].checked++
	if prev == nil {
		return
	}
	was, is := &prev.Mark, &after.Mark
	switch {
	case is.Incarnation > was.Incarnation:
		return
	case is.Incarnation < was.Incarnation:
		o.breach(monotonic, at, &after.Key, "incarnation on %s went back from %d to %d", side, was.Incarnation, is.Incarnation)
		return
	}
	o.forward(at, side, after, "number", was.Number, is.Number)
	for g := range was.Groups {
		a := &was.Groups[g]
		if g >= len(is.Groups) {
			o.breach(monotonic, at, &after.Key, "the mark on %s lost its column group %d", side, g)
			continue
		}
		b := &is.Groups[g]
		o.forward(at, side, after, "own", a.Own, b.Own)
		o.forward(at, side, after, "seen", a.Seen, b.Seen)
		o.forward(at, side, after, "lost", highest(a.Lost), highest(b.Lost))
	}
}

func (o *Oracle) forward(at sim.Time, side engine.Side, r *engine.Record, name string, was, is uint32) {
	if is < was {
		o.breach(monotonic, at, &r.Key, "%s on %s went back from %d to %d", name, side, was, is)
	}
}

func highest(numbers []uint32) uint32 {
	top := uint32(0)
	for _, n := range numbers {
		top = max(top, n)
	}
	return top
}

// OutboxLow tells the position up to which a side's outbox has forgotten all.
func (o *Oracle) OutboxLow(at sim.Time, side engine.Side, low uint64) {
	o.tallies[monotonic].checked++
	if low < o.outbox[side] {
		o.breach(monotonic, at, nil, "the low-water mark of the %s outbox went back from %d to %d", side, o.outbox[side], low)
	}
	o.outbox[side] = low
}

// Crashed tells that the engine's process ended and lost what it had not
// saved.
func (o *Oracle) Crashed(sim.Time) { o.totals.Crashes++ }

// Leaked tells of a reference in an outbox that duplicates a known one. It
// stands for no change.
func (o *Oracle) Leaked(at sim.Time, ref *engine.Reference) {
	o.totals.Leaked++
	if p := o.pairs.find(&ref.Key); p == nil || !p.knows(ref) {
		o.breach(closedBooks, at, &ref.Key, "%v was leaked as a duplicate of a reference that was never captured", ref)
	}
}

// knows reports whether the reference was captured at some time.
func (p *pair) knows(ref *engine.Reference) bool {
	n, life := p.number[ref.Side], p.life[ref.Side]
	return ref.Number > 0 && (ref.Incarnation < life || ref.Incarnation == life && ref.Number <= n)
}

// Retried tells that a write is sent again because an earlier attempt was not
// answered: the bound on engine writes allows one more.
func (o *Oracle) Retried() { o.totals.Retried++ }

// Stop asks the run to end: some property was broken so often that more of the
// same teaches nothing.
func (o *Oracle) Stop() bool { return o.stop }
