package oracle

import (
	"time"

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

	// TornMax is how long a transaction may be partly visible on the other side;
	// 0: as long as it likes, and torn-visible is not judged.
	TornMax time.Duration

	// TornAsLong bounds that without TornMax: while nothing is broken, a transaction of
	// which nothing waits for another record or for people may be partly visible for
	// as long as the retry policy lets one change wait, and no longer.
	TornAsLong bool

	// Deletes says that users may delete records, so that what is promised of
	// deletes is judged; after a delete it is in any case.
	Deletes bool

	Limits Limits // of the engine's requests and attempts

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
	config Config
	shapes []shape // by map
	mixes  bool    // there are live maps and async ones

	pairs      index
	numbers    []int32 // of their places plus one, by the engine's numbers for them; 0: not known
	mores      slab[more]
	firsts     slab[head] // the first history of each pair
	spare      []*waiting
	target     [2]lookedUp // by side: the lookup checked last
	current    [2]*transaction
	commits    [2]committing
	lives      map[liveID]*live
	between    []*live // between their commits, or before
	deletes    bool    // there was a delete
	lookups    lookups
	liveCount  LiveCount
	kept       int     // records of undone transactions that stay where they had landed
	valuesLost uint64  // values that only one side held, with deletes that were undone
	owed       uint64  // of them, those that a retry carries to the other side
	downs      []down  // by their beginnings
	rest       traffic // up to the last edit
	restMore   uint64
	rounds     rounds                  // since
	holding    uint64                  // references of the engine's own that wait at the end
	released   uint64                  // pairs that were quarantined: what holds their place is carried then, and may be no change
	stands     []stand                 // scratch
	refused    [2]map[engine.TxID]bool // transactions that the capture hook refused

	books    books
	limits   limits
	inQueue  [2]int // by side: changes that the engine has put into its queue, saved or not
	desk     desk
	bounds   bounds
	tallies  [properties]tally
	stop     bool
	outbox   [2]uint64
	totals   Totals
	bound    uint64 // user's changes among the captured ones
	maps     []mapTally
	courses  []course // by map
	codeless []codeless
	expired  map[sideOf]bool // of whose records a side has no trace any more, and had none when their items were read
	causes   []ErrorCount
	samples  sampler
	worst    []Worst
	apart    sim.Series
	gaps     gaps
	differ   int // pairs that differ now
	stories  []*transaction
	torn     []*transaction // partly visible longest, and whole in the end; longest first
	serial   uint64
	copies   *copies // nil: the engine carries changes
	bars     *bars   // at the end; nil: no fault lasts for ever
	finished bool
}

// mapTally counts what happened in one map.
type mapTally struct {
	captured [2]uint64
	live     [2]uint64
	creates  [2]uint64
	outcomes [2][classesMax]*[reasonsMax]uint64 // nil: nothing has ended in the class
	desk     [classesMax]uint64                 // items that came onto the error desk
	blocked  spans                              // waits for records that are looked up
	partly   sim.Time                           // the longest that a transaction was partly visible
	partlyTx engine.TxID

	neverWhole uint64
}

// count counts a change of a side that has ended, or waits for an operator.
func (t *mapTally) count(side engine.Side, out engine.Outcome) {
	reasons := &t.outcomes[side][out.Class]
	if *reasons == nil {
		*reasons = new([reasonsMax]uint64)
	}
	(*reasons)[out.Reason]++
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
	for _, m := range c.Maps {
		o.shapes = append(o.shapes, shapeOf(m))
	}
	o.mixes = o.applies(mixedRejected)
	o.maps = make([]mapTally, len(c.Maps))
	for _, m := range c.Maps {
		o.courses = append(o.courses, course{rules: m.Primary, age: 1})
	}
	o.samples = sampler{most: o.config.SamplesMax, stride: 1}
	o.apart = sim.NewSeries(o.config.PointsMax)
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
	p.record[side] = r
	h := p.head[side.Other()]
	if h == nil {
		h = o.blank(p)
	}
	p.head[side] = h
	p.number[side], p.life[side] = r.Mark.Number, r.Mark.Incarnation
	o.stray(p) // until the other side has the same
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
	o.began(at, side, tx)
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
	o.dangling(at)
	o.rounds.begin(at)
	p := o.pairOf(before, after)
	p.tries.reads = 0
	prev := p.record[side]
	o.counters(at, side, prev, after)
	if o.mixes {
		o.mode(at, side, prev, after)
	}
	p.record[side] = after
	s := &o.shapes[after.Key.Map]
	changed, drift := o.changed(s, p, side, prev, after)
	if ref != nil && alive(prev) && prev.Mark.Incarnation == 0 && !prev.Mark.Dead { // nobody had ever captured it: it is captured whole
		changed |= s.out[side]
	}
	held, since := o.commitHeld(at, side, p)
	off := ref == nil && held == nil && o.courses[after.Key.Map].off[side]
	leaves := s.leaves(side, prev, after) && !off // past the hook it stays on the other side
	switch {
	case leaves:
		changed = 0
		p.more.leave(side, nil) // whatever it comes back with is new
	case p.more != nil:
		p.more.drift |= drift
		if alive(prev) && alive(after) && s.outside(side, after) && !s.outside(side, prev) {
			p.more.leave(side, after.Values)
		}
	}
	o.lookers(at, side, prev, after)
	if held == nil && alive(after) && !alive(prev) { // what goes live has been on the other side since before
		p.aside = false
	}
	past := off && changed|drift != 0
	if p.astray != nil && alive(prev) && s.outside(side, prev) && !s.outside(side, after) {
		if o.returned(p, s, side, after); off { // nobody has heard that it is back
			o.stray(p)
		}
	}
	switch {
	case past:
		o.stray(p)
		p.bypassed(s, side, p.known(s, side, prev), changed)
	case !off && (leaves || !alive(after)) && !s.outside(side, prev):
		p.caught(side, s.whole)
	default:
		p.caught(side, changed)
	}
	if held != nil && changed != 0 { // what had gone past the hook goes with it
		p.caught(side, s.whole)
	}
	if o.copies == nil && alive(prev) && (leaves || !alive(after)) { // to the data integrator a delete is a change like others
		o.deleted(at, s, p, side, prev, held, ref)
		o.compare(at, p)
		if c := (commit{born: at, what: users}); held != nil {
			o.goesLive(side, p, &c, since)
			if !p.differs {
				o.sample(p, side, &c, at, false)
			}
		}
		o.forget(p)
		return p.head[side]
	}
	if ref != nil && s.simple {
		changed = s.whole
	}
	if ref == nil && changed == 0 && alive(prev) == alive(after) {
		if p.head[side] == nil {
			p.head[side] = o.blank(p)
		}
		if !s.simple {
			o.compare(at, p)
		}
		return p.head[side]
	}
	var is []origin
	if o.copies != nil {
		is = o.copies.edited(at, p, side, len(s.Columns), prev, after, ref)
	}
	c := commit{born: at, groups: changed, what: users, number: p.numberIn(side, after.Mark.Incarnation), life: after.Mark.Incarnation}
	if !alive(prev) {
		c.what |= created
	}
	if held != nil {
		o.goesLive(side, p, &c, since)
	}
	o.commit(s, p, side, &c, held)
	o.meets(at, p, side, &c)
	if o.copies != nil {
		p.head[side].also.origins = is
	}
	if ref != nil {
		o.letsIn(at, side, ref)
		o.capture(at, p, side, &c, ref)
		o.bound++
		if t := o.current[side]; t != nil && t.id == ref.Tx {
			t.add(p, &c)
		}
	}
	l := o.line(p, side)
	l.begins(at, &c)
	l.push(c)
	if past {
		o.returned(p, s, side, after)
	}
	o.lastEdit()
	o.compare(at, p)
	return p.head[side]
}

// changed returns the column groups that a user's commit changed and in which
// his side's changes are carried, and those in which they are not. What happens
// outside the map's scope is no change; it is one when the record comes back and
// differs from what it was.
func (o *Oracle) changed(s *shape, p *pair, side engine.Side, prev, after *engine.Record) (carried, drift set) {
	was := alive(prev) && !s.outside(side, prev)
	is := alive(after) && !s.outside(side, after)
	before := []engine.Value(nil)
	switch {
	case s.simple && was && is && sameContent(prev.Values, after.Values), !was && !is, !alive(after):
		return 0, 0
	case was:
		before = prev.Values
	case alive(prev) && p.more != nil:
		before = p.asCaptured(s, side, p.more.leftAs(side))
	}
	all := s.whole
	if before != nil {
		all = s.differ(before, after.Values)
	}
	if !was && p.astray != nil { // of what was made past the hook no mark tells, whatever has gone past it since
		all |= p.astray.sides[side].made
	}
	return all & s.out[side], all &^ s.out[side]
}

// commit puts a commit on top of what its side's record is made of. What the
// other side has committed that this one does not know is concurrent with it.
func (o *Oracle) commit(s *shape, p *pair, side engine.Side, c *commit, held *head) {
	other := side.Other()
	c.reign = o.courses[p.key().Map].reign
	for g := range s.groups {
		if !c.groups.has(g) {
			continue
		}
		mine, theirs := p.stand(side, g), p.stand(other, g)
		if p.of(g).alive(other, mine.commits[other], theirs.commits[other]) {
			c.contested |= only(g)
			o.contest(p, other, g, mine.commits[other])
		}
	}
	h := held
	if h == nil {
		h = o.grown(p, side, c.groups)
	}
	p.head[side] = h
	for g := range s.groups {
		if held != nil && c.groups.has(g) && p.stand(other, g).commits[side] >= h.of(g).commits[side] {
			c.there |= only(g)
		}
	}
}

// blank is the history of content that was there at the start.
func (o *Oracle) blank(p *pair) *head {
	h := &head{pair: p, stand: stand{last: noSide}, deaths: p.deaths}
	if n := len(o.shapes[p.key().Map].groups); n > 1 || o.copies != nil {
		h.also = &also{rest: make([]stand, n-1)}
		for i := range h.also.rest {
			h.also.rest[i].last = noSide
		}
	}
	return h
}

// again is a side's history as it is, to be changed.
func (o *Oracle) again(p *pair, side engine.Side) *head {
	var h *head
	if p.head[0] == nil && p.head[1] == nil {
		h = o.firsts.take()
	} else {
		h = &head{}
	}
	*h = head{pair: p, stand: p.stand(side, 0), deaths: p.deaths}
	if n := len(o.shapes[p.key().Map].groups); n > 1 || o.copies != nil {
		h.also = &also{rest: make([]stand, n-1)}
		for i := range h.also.rest {
			h.also.rest[i] = p.stand(side, i+1)
		}
	}
	return h
}

// grown is a side's history with one more commit in some column groups.
func (o *Oracle) grown(p *pair, side engine.Side, groups set) *head {
	h := o.again(p, side)
	for g := 0; groups>>g != 0; g++ {
		if groups.has(g) {
			st := h.of(g)
			st.commits[side]++
			st.last = side
		}
	}
	return h
}

// contest marks the open commits of a side, after the one given, as concurrent
// with a new commit of the other side.
func (o *Oracle) contest(p *pair, s engine.Side, g int, after uint32) {
	t, newest := p.of(g), p.stand(s, g).commits[s]
	for w := p.walk(s, g, max(after, t.paired[s]), newest); ; {
		c := w.next()
		if c == nil {
			break
		}
		if !c.dropped.has(g) || c.went.has(g) {
			c.contested |= only(g)
		}
	}
	t.paired[s] = newest
}

// capture gives a commit its reference.
func (o *Oracle) capture(at sim.Time, p *pair, side engine.Side, c *commit, ref *engine.Reference) {
	if ref.Side != side || ref.Incarnation < p.life[side] || ref.Incarnation == p.life[side] && ref.Number <= p.number[side] {
		o.breach(monotonic, at, &ref.Key, "the %s reference %d.%d was captured on the %s side after %d.%d",
			ref.Side, ref.Incarnation, ref.Number, side, p.life[side], p.number[side])
	}
	p.number[side], p.life[side] = ref.Number, ref.Incarnation
	c.number, c.life, c.size = ref.Number, ref.Incarnation, sizeOf(&ref.Key, p.record[side])
	c.what |= captured
	c.serial = o.serial
	o.serial++
	t := &o.maps[ref.Key.Map]
	t.captured[side]++
	if c.what.has(created) {
		t.creates[side]++
	}
	o.totals.Captured++
	o.opens(at)
}

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

// numberIn returns the number of a side's newest reference in a life; 0 before the first.
func (p *pair) numberIn(side engine.Side, life uint32) uint32 {
	if p.life[side] != life {
		return 0
	}
	return p.number[side]
}

// Retried tells that a write is sent again because an earlier attempt was not
// answered: the bound on engine writes allows one more.
func (o *Oracle) Retried() { o.totals.Retried++ }

// Stop asks the run to end: some property was broken so often that more of the
// same teaches nothing.
func (o *Oracle) Stop() bool { return o.stop }
