package engine

import "slices"

// Initial sync: before a map runs, the records that one side holds of it are
// carried to the other, and back. One leg is one direction of one map, of all
// companies or of one. Legs run one after the other, those of looked-up maps
// first; the users go on working meanwhile, because capture has begun.
//
// A leg works in chunks. It lists the next records of its side and puts each
// into the queue as a reference of the engine's own, like any other; when all of
// them have come to an end, how far it has come is saved, and the next chunk is
// listed. A crash costs the chunk that was under way: it is listed again, and
// what was carried already is found so. Errors stay on the error desk.
//
// While a map initializes, the side that the operator chose is its primary: the
// interim primary. It decides about records that are older than the sync, too.
// That ends like any other change of the primary: no item of the map starts until
// no write can land any more that the interim primary decided.

// InitialSync says how a table map is copied before it runs.
type InitialSync struct {
	Map       MapID
	Companies []string // of a map that is striped by company, each on its own; none: all together
	Interim   Side     // whose record wins where both sides hold one
	Only      bool     // only From is exported; else both sides are, F&O first
	From      Side
}

// exports reports whether a side's records are carried to the other.
func (s *InitialSync) exports(side Side) bool { return !s.Only || s.From == side }

// InitialStage is where a leg of an initial sync is.
type InitialStage uint8

// The stages of a leg.
const (
	InitialForgotten InitialStage = iota // the record of the leg goes
	InitialWaiting
	InitialRunning
	InitialDone
	InitialCut // the side holds more records than a run may carry: the rest was left
)

// String returns the stage's name.
func (s InitialStage) String() string {
	return [...]string{"forgotten", "waiting", "running", "done", "cut"}[s]
}

// InitialRecord is how far one leg of an initial sync has come. Its counters
// tell of whole chunks; a chunk that a crash had cut off counts what it had
// carried before as unchanged.
type InitialRecord struct {
	Map     MapID
	Company string // empty: all companies
	Side    Side   // that is exported
	Interim Side
	Order   int // among the legs of its job
	Stage   InitialStage
	After   Key // of the last record of the last whole chunk

	Rows      int // records
	Written   int // ... that the other side was written for
	Unchanged int // ... that both sides held alike
	Lost      int // ... that the interim primary's record won against
	Errors    int // ... that wait for an operator
}

// initialWork is the initial sync of a job.
type initialWork struct {
	legs     []InitialRecord
	at       int           // the leg under way
	request  BatchID       // the listing under way; 0: none
	retryAt  Time          // of a listing that failed
	underWay bool          // a chunk is in the queue
	more     bool          // ... and there is another behind it
	chunk    InitialRecord // what becomes of the leg when the chunk has come to its end
}

// planned returns the interim primary of a map in the initial sync that its job begins
// with, if it has one.
func (w *jobWork) planned(m MapID) (interim Side, planned bool) {
	for i := range w.initial.legs {
		if l := &w.initial.legs[i]; l.Map == m {
			return l.Interim, true
		}
	}
	return 0, false
}

// planInitial forgets the legs of the last start and notes those of this one.
func (c *Core) planInitial(j int, list []InitialSync) {
	w := &c.jobs[j]
	for i := range w.initial.legs {
		w.initial.legs[i].Stage = InitialForgotten
		c.saveLeg(&w.initial.legs[i])
	}
	w.initial = initialWork{}
	for _, s := range c.prerequisitesFirst(list) {
		companies := s.Companies
		if len(companies) == 0 {
			companies = []string{""}
		}
		for _, company := range companies {
			for _, side := range Sides {
				if s.exports(side) {
					w.initial.legs = append(w.initial.legs, InitialRecord{
						Map: s.Map, Company: company, Side: side, Interim: s.Interim, Order: len(w.initial.legs), Stage: InitialWaiting, After: Key{Map: s.Map},
					})
				}
			}
		}
	}
	for i := range w.initial.legs {
		c.saveLeg(&w.initial.legs[i])
	}
}

func (c *Core) saveLeg(r *InitialRecord) {
	own := *r
	c.save = append(c.save, Mutation{Kind: InitialMoved, Initial: &own})
}

// initialize goes on with a job's initial sync, and reports whether it is over
// and all maps run.
func (c *Core) initialize(j int) bool {
	w := &c.jobs[j]
	i := &w.initial
	for i.at < len(i.legs) && c.advanceLeg(j) {
	}
	over := i.at == len(i.legs)
	for _, id := range c.cfg.Jobs[j].Maps {
		if c.settling[id] && c.atRest(id) {
			c.endInterim(id)
			c.letGo(j)
		}
		over = over && !c.settling[id]
	}
	return over
}

// advanceLeg goes on with the leg under way, and reports whether there may be
// more to do at once.
func (c *Core) advanceLeg(j int) bool {
	w := &c.jobs[j]
	i := &w.initial
	leg := &i.legs[i.at]
	switch {
	case i.request != 0 || i.underWay && c.awaits(w):
		return false
	case i.underWay:
		i.underWay = false
		*leg = i.chunk
		if !i.more {
			i.at++
			if i.at == len(i.legs) || i.legs[i.at].Map != leg.Map {
				c.settling[leg.Map] = true
			}
		}
		c.saveLeg(leg)
		return true
	case c.now < max(i.retryAt, c.gates[leg.Side].pause):
		return false
	default:
		i.request = c.nextRequest()
		c.do = append(c.do, Effect{
			Kind: ListRecords, Side: leg.Side, Batch: i.request, After: leg.After, Company: leg.Company, Max: c.cfg.InitialChunk,
		})
		return false
	}
}

// initialOf finds the job whose listing an answer belongs to, or -1.
func (c *Core) initialOf(in *Input) int {
	for j := range c.jobs {
		if i := &c.jobs[j].initial; i.request == in.Batch && in.Batch != 0 && i.legs[i.at].Side == in.Side {
			return j
		}
	}
	return -1
}

// chunkListed puts a chunk into the queue. It reports whether the listing was
// one of an initial sync.
func (c *Core) chunkListed(in *Input) bool {
	j := c.initialOf(in)
	if j < 0 {
		return false
	}
	i := &c.jobs[j].initial
	c.gates[in.Side].answered()
	i.request, i.underWay, i.more, i.chunk = 0, true, in.More && len(in.Records) > 0, i.legs[i.at]
	i.chunk.Stage = InitialRunning
	if !i.more {
		i.chunk.Stage = InitialDone
	}
	records := slices.DeleteFunc(slices.Clone(in.Records), func(r *Record) bool { return !r.Alive })
	if room := c.cfg.InitialRows - i.chunk.Rows; len(records) > room || len(records) == room && i.more {
		records, i.more, i.chunk.Stage = records[:room], false, InitialCut
	}
	i.chunk.Rows += len(records)
	for _, r := range records {
		i.chunk.After = *r.Key
		c.exportRow(r, in.Side)
	}
	if i.more { // what waits for a live transaction is listed, too, and counts for none
		i.chunk.After = *in.Records[len(in.Records)-1].Key
	}
	return true
}

// exportRow lets a record be carried: by the item that is in the queue for it,
// or by one of the engine's own. What waits on the error desk is tried again, unless an
// operator has dismissed it and that is not done yet: then it ends as he asked, and the
// record is carried for itself.
func (c *Core) exportRow(r *Record, side Side) {
	id := c.pairs.ensure(*r.Key, side)
	l := c.pairs.lane(id)
	c.dismissNow(id) // first: its end is not that of the row
	c.await(id)
	switch {
	case len(l.open) > 0 && l.unsaved():
		c.becomesRow(id, l, Initial)
	case l.passesBy(r):
		c.addRow(id, Initial, r)
	case l.state == parked:
		c.unpark(id, l)
		c.saveLane(id)
		c.schedule(id)
	}
}

// dismissNow ends what an operator has dismissed, before a row takes its place.
func (c *Core) dismissNow(id laneID) {
	if l := c.pairs.lane(id); l.state == parked && l.requested == DismissRequested {
		c.carryOut(id)
	}
}

// listingFailed tries again after a while. It reports whether the request was
// one of an initial sync.
func (c *Core) listingFailed(in *Input) bool {
	j := c.initialOf(in)
	if j < 0 {
		return false
	}
	i := &c.jobs[j].initial
	i.request, i.retryAt = 0, c.now.Add(max(c.cfg.Probe, in.RetryAfter))
	return true
}

// count books how a row of a chunk ended.
func (i *initialWork) count(o Outcome) {
	if !i.underWay {
		return
	}
	switch {
	case o.Class == ApplicationFailure || o.Class == SystemFailure:
		i.chunk.Errors++
	case o.Class == ConflictFailure:
		i.chunk.Lost++
	case o.Class != Synced:
	case o.Reason == FoundEqual || o.Reason == AlreadyCarried:
		i.chunk.Unchanged++
	default:
		i.chunk.Written++
	}
}

// beginInterim lets an interim primary decide about a map.
func (c *Core) beginInterim(id MapID, interim Side) {
	m := *c.given[id]
	m.Primary, m.Unlinked = interim, UnlinkedPrimary
	c.cfg.Maps[id] = &m
	c.maps[id].Initializing, c.maps[id].Rules = true, interim
}

// atRest reports whether nothing can land any more that a map's interim primary decided.
// Where that is the primary side, nothing changes.
func (c *Core) atRest(id MapID) bool {
	return c.maps[id].Rules == c.given[id].Primary || c.flying[id] == 0 && c.now > c.unanswered[id] && !c.liveOn(id)
}

// liveOn reports whether a live transaction of a map has not ended.
func (c *Core) liveOn(id MapID) bool {
	for _, t := range c.lives {
		for i := range t.intent.Rows {
			if t.intent.Rows[i].Key.Map == id {
				return true
			}
		}
	}
	return false
}

// endInterim lets a map run.
func (c *Core) endInterim(id MapID) {
	c.cfg.Maps[id], c.settling[id] = c.given[id], false
	c.maps[id].Initializing, c.maps[id].Rules = false, c.given[id].Primary
	c.saveMap(id)
}

// initialWake returns when the initial sync of a job wants to go on.
func (c *Core) initialWake(j int) Time {
	next := never
	if i := &c.jobs[j].initial; i.at < len(i.legs) && i.request == 0 && !i.underWay {
		if at := max(i.retryAt, c.gates[i.legs[i.at].Side].pause); at > c.now {
			next = at
		}
	}
	for _, id := range c.cfg.Jobs[j].Maps {
		if c.settling[id] && c.unanswered[id] >= c.now {
			next = min(next, c.unanswered[id]+1)
		}
	}
	return next
}

// stopInitial gives up what is under way: the next start begins anew.
func (c *Core) stopInitial(j int) {
	i := &c.jobs[j].initial
	i.request, i.underWay, i.retryAt = 0, false, 0
	for _, id := range c.cfg.Jobs[j].Maps {
		c.settling[id] = false
	}
}

// loadInitial takes over the legs, and who decides meanwhile.
func (c *Core) loadInitial(state *State) {
	for _, r := range state.Initials {
		if int(r.Map) < len(c.cfg.Maps) {
			w := &c.jobs[c.jobByMap[r.Map]]
			w.initial.legs = append(w.initial.legs, r)
		}
	}
	for j := range c.jobs {
		w := &c.jobs[j]
		i := &w.initial
		for i.at < len(i.legs) && i.legs[i.at].Stage >= InitialDone {
			i.at++
		}
		for _, id := range c.cfg.Jobs[j].Maps {
			if !c.maps[id].Initializing || w.state == Halted {
				continue
			}
			c.beginInterim(id, c.maps[id].Rules)
			c.settling[id] = w.state == Initializing && !w.initial.pending(id)
		}
	}
}

// pending reports whether a map has legs that are not over.
func (i *initialWork) pending(id MapID) bool {
	for _, l := range i.legs[i.at:] {
		if l.Map == id {
			return true
		}
	}
	return false
}

// Initials calls f with every leg of the last initial sync of each job, in the
// order in which they run.
func (c *Core) Initials(f func(InitialRecord)) {
	for j := range c.jobs {
		for _, r := range c.jobs[j].initial.legs {
			f(r)
		}
	}
}
