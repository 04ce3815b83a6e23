package integrator

import (
	"math"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// run is one execution of a project under way.
type run struct {
	exec    Execution
	clock   LocalTime // the integrator's, when the run began
	full    bool      // copies everything, whatever the positions say
	left    int       // rows that may still be copied
	task    int
	work    taskWork
	sent    []*request // on their way, or waiting for another attempt
	writing int        // writes among them
}

// taskWork is what a run knows of the task that it is working on. Of all this,
// only what [Core.closeTask] saves outlives the task.
type taskWork struct {
	position Position
	more     bool         // the listing has another page
	paged    bool         // a page of it has come, in this run or in the one that was cut
	again    []engine.Key // failed rows of earlier runs, still to be read
	queue    []Upsert     // of the page, to be written

	notes []note // of rows that failed, earlier or in this run
	noted map[engine.Key]int
}

// note is what becomes of a row that failed.
type note struct {
	FailedRow
	read    engine.Version // read again in this run at this version; 0: not
	settled bool           // written by now, or nothing is left to write
}

// beginRun starts a run of a project.
func (c *Core) beginRun(p *project, trigger Trigger, due engine.Time) {
	p.number++
	p.run = &run{
		exec:  Execution{Project: p.Name, Number: p.number, Trigger: trigger, Due: due, Started: c.now},
		clock: c.clock, left: c.cfg.RowsMax,
	}
	if trigger == ByHand {
		p.run.full, p.full = p.full, false
	}
	c.history = append(c.history, p.run.exec)
	c.save = append(c.save, Mutation{Kind: RunBegun, Execution: p.run.exec})
	c.openTask(p)
	c.goOn(p)
}

// openTask makes a run ready for its next task.
func (c *Core) openTask(p *project) {
	r, t := p.run, &p.tasks[p.run.task]
	w := &r.work
	*w = taskWork{position: t.position, more: true, noted: map[engine.Key]int{}}
	for i := range t.failed {
		w.again = append(w.again, t.failed[i].Key)
		w.noted[t.failed[i].Key] = i
		w.notes = append(w.notes, note{FailedRow: t.failed[i]})
	}
	pos := &w.position
	if r.full || pos.By != p.Detect.By {
		*pos = Position{By: p.Detect.By}
	}
	switch {
	case pos.Cut: // goes on where it was
		w.paged = true
	case pos.By == ByToken:
	case p.Detect.Watermark == OwnClock:
		pos.Next = r.clock
	case pos.Begun:
		pos.Next = pos.Since
	default:
		pos.Next = noRow
	}
}

// noRow is the newest modified time of no row at all.
const noRow = LocalTime(math.MinInt64)

// goOn makes the requests that a run needs now, and ends its task, and in the
// end the run, when it needs no more. Reads and listings go one at a time, and
// the writes of one page are answered before the next page is asked for.
func (c *Core) goOn(p *project) {
	for p.run != nil {
		r, t := p.run, &p.tasks[p.run.task]
		w := &r.work
		for len(w.queue) > 0 && r.writing < c.cfg.Writers {
			n := min(len(w.queue), c.cfg.Batch)
			c.send(p, Effect{Kind: WriteRows, Side: p.From.Other(), Columns: t.columns, Upserts: w.queue[:n:n]})
			w.queue = w.queue[n:]
		}
		switch most := min(c.cfg.Page, r.left); {
		case len(r.sent) > 0:
			return
		case len(w.again) > 0 && most > 0:
			n := min(len(w.again), most)
			c.send(p, Effect{Kind: ReadRows, Side: p.From, Keys: w.again[:n:n]})
			w.again = w.again[n:]
		case w.more && most > 0:
			c.send(p, Effect{Kind: ListChanges, Side: p.From, Listing: r.listing(p, t.m.ID, most)})
		default:
			c.closeTask(p)
		}
	}
}

// listing is the request for the next page.
func (r *run) listing(p *project, id engine.MapID, most int) Listing {
	pos := &r.work.position
	l := Listing{Map: id, By: pos.By, Full: !pos.Begun, Paged: r.work.paged, Max: most}
	if l.Paged {
		l.After, l.Until = pos.After, pos.Until
	}
	switch {
	case l.Full:
	case l.By == ByToken:
		l.Token = pos.Token
	default: // here a time of one clock is taken for a time of another
		l.Since, l.Inclusive = pos.Since-LocalTime(p.Detect.Overlap), p.Detect.Inclusive
	}
	return l
}

// listed takes a page of the listing, or rows that were read again.
func (c *Core) listed(in *Input) {
	p, q := c.answered(in.Request, ReadRows, ListChanges)
	switch {
	case p == nil:
		return
	case q.effect.Kind == ListChanges && c.takePage(p, &q.effect.Listing, in):
	case q.effect.Kind == ReadRows && c.takeAgain(p, q.effect.Keys, in.Rows):
	default:
		c.breakOff(p, BadAnswer, p.From, engine.NoFailure)
		return
	}
	c.goOn(p)
}

// takePage takes the rows of a listing and notes how far it has come. It
// reports false for a page that is none: a listing that does not get on would
// never end.
func (c *Core) takePage(p *project, l *Listing, in *Input) bool {
	w, m := &p.run.work, p.tasks[p.run.task].m
	check := *l
	if !l.Paged {
		check.Until = in.Until
	}
	if len(in.Rows) > l.Max || in.More && len(in.Rows) == 0 {
		return false
	}
	for i := range in.Rows {
		row := &in.Rows[i]
		if !check.Holds(row) || !fits(m, row.Record) || i > 0 && check.Compare(&in.Rows[i-1], row) >= 0 {
			return false
		}
	}
	pos := &w.position
	pos.Until = check.Until
	w.more = in.More
	w.queue = slices.Grow(w.queue, len(in.Rows))
	for i := range in.Rows {
		row := &in.Rows[i]
		w.paged, pos.After = true, row.place()
		if pos.By == ByModified && p.Detect.Watermark == NewestRow {
			pos.Next = max(pos.Next, row.Modified)
		}
		at, known := w.noted[*row.Record.Key]
		if known && w.notes[at].read == row.Record.Version {
			continue // it has had its attempt in this run
		}
		c.takeRow(p, row.Record)
	}
	return true
}

// takeAgain takes the rows of some keys, which may be gone. It reports false
// when they are not what was asked for.
func (c *Core) takeAgain(p *project, keys []engine.Key, rows []Row) bool {
	w, m := &p.run.work, p.tasks[p.run.task].m
	if len(rows) != len(keys) {
		return false
	}
	for i := range rows {
		if r := rows[i].Record; r != nil && (!r.Names(&keys[i]) || !fits(m, r)) {
			return false
		}
	}
	for i := range rows {
		r := rows[i].Record
		n := &w.notes[w.noted[keys[i]]]
		if r == nil || !r.Alive && p.Detect.By == ByModified {
			n.settled = true // gone, and a delete is nothing that this project would have seen
			continue
		}
		n.read = r.Version
		p.run.exec.Retried++
		c.takeRow(p, r)
	}
	return true
}

// fits reports whether a record can be one of a table map.
func fits(m *engine.TableMap, r *engine.Record) bool {
	return r.Key != nil && r.Key.Map == m.ID && (!r.Alive || len(r.Values) == len(m.Columns))
}

// takeRow decides what to do with one row of the source.
func (c *Core) takeRow(p *project, rec *engine.Record) {
	r, t := p.run, &p.tasks[p.run.task]
	if rec.Alive && !t.m.InScope(p.From, *rec.Key, rec.Values) || !rec.Alive && p.Detect.IgnoreDeletes {
		r.exec.Filtered++
		r.work.settle(*rec.Key)
		return
	}
	r.left--
	r.exec.Rows++
	u := Upsert{Key: rec.Key.Folded(), Delete: !rec.Alive, Source: rec}
	if rec.Alive {
		var unmapped string
		if u.Values, unmapped = translate(t.m, t.columns, p.From.Other(), rec.Values); unmapped != "" {
			c.rowFailed(p, *rec.Key, RowResult{Reason: engine.UnmappedValue, Cause: unmapped})
			return
		}
	}
	r.work.queue = append(r.work.queue, u)
}

// written takes the results of a write request, row by row.
func (c *Core) written(in *Input) {
	p, q := c.answered(in.Request, WriteRows)
	if p == nil {
		return
	}
	if len(in.Results) != len(q.effect.Upserts) {
		c.breakOff(p, BadAnswer, q.effect.Side, engine.NoFailure)
		return
	}
	for i := range in.Results {
		switch u := &q.effect.Upserts[i]; {
		case in.Results[i].Reason != engine.NoReason:
			c.rowFailed(p, *u.Source.Key, in.Results[i])
		case u.Delete:
			p.run.exec.Deletes++
			p.run.work.settle(*u.Source.Key)
		default:
			p.run.exec.Upserts++
			p.run.work.settle(*u.Source.Key)
		}
	}
	c.goOn(p)
}

// rowFailed notes a row for the next run.
func (c *Core) rowFailed(p *project, key engine.Key, why RowResult) {
	w := &p.run.work
	p.run.exec.Errors++
	p.run.exec.Cause = max(p.run.exec.Cause, RowErrors)
	at, known := w.noted[key]
	if !known {
		at = len(w.notes)
		w.noted[key] = at
		w.notes = append(w.notes, note{FailedRow: FailedRow{Project: p.Name, Key: key, Since: c.now}})
	}
	n := &w.notes[at]
	n.Reason, n.Cause, n.settled = why.Reason, why.Cause, false
	n.Tries++
}

// settle ends what was noted of a row, if anything was.
func (w *taskWork) settle(key engine.Key) {
	if at, known := w.noted[key]; known {
		w.notes[at].settled = true
	}
}

// closeTask saves how far a task has come and goes to the next one. When the
// run has had all the rows that it may have, each task after this one closes as
// soon as it is opened, and stays where it was.
func (c *Core) closeTask(p *project) {
	r, t := p.run, &p.tasks[p.run.task]
	if r.work.more {
		r.exec.Cause = max(r.exec.Cause, RowLimit)
	}
	var failed []FailedRow
	for i := range r.work.notes {
		if n := &r.work.notes[i]; !n.settled {
			failed = append(failed, n.FailedRow)
		}
	}
	if len(failed) > c.cfg.FailedMax { // nothing is saved: the next run meets them all again
		r.exec.Cause = max(r.exec.Cause, FailedLimit)
	} else {
		c.saveFailed(p, t, failed)
		c.savePosition(p, t)
	}
	r.task++
	if r.task < len(p.tasks) {
		c.openTask(p)
		return
	}
	c.endRun(p)
}

// saveFailed makes the failed rows of a task durable, as far as they changed.
// What the task knew before is the head of the notes, in the same order.
func (c *Core) saveFailed(p *project, t *task, failed []FailedRow) {
	for i := range p.run.work.notes {
		n := &p.run.work.notes[i]
		old := i < len(t.failed)
		switch {
		case n.settled && old:
			c.save = append(c.save, Mutation{Kind: RowSettled, Failed: n.FailedRow})
		case !n.settled && (!old || t.failed[i] != n.FailedRow):
			c.save = append(c.save, Mutation{Kind: RowFailed, Failed: n.FailedRow})
		}
	}
	t.failed = failed
}

// savePosition makes durable how far the listing of a task has come.
func (c *Core) savePosition(p *project, t *task) {
	w := &p.run.work
	pos := w.position
	switch {
	case w.more && !w.paged: // not even begun
		return
	case w.more:
		pos.Cut = true
	case pos.By == ByToken:
		pos = Position{By: ByToken, Begun: true, Token: pos.Until}
	case pos.Next == noRow: // there was no row to take a time from
		pos = Position{By: ByModified}
	default:
		pos = Position{By: ByModified, Begun: true, Since: pos.Next}
	}
	if pos != t.position {
		t.position = pos
		c.save = append(c.save, Mutation{Kind: PositionMoved, Project: p.Name, Map: t.m.ID, Position: pos})
	}
}

// tokenExpired copies everything anew, or ends the run.
func (c *Core) tokenExpired(in *Input) {
	p, q := c.answered(in.Request, ListChanges)
	switch {
	case p == nil:
	case q.effect.Listing.Full && !q.effect.Listing.Paged: // came without a token
		c.breakOff(p, BadAnswer, p.From, engine.NoFailure)
	case p.Detect.OnExpired == Refuse:
		c.breakOff(p, TokenTooOld, p.From, engine.NoFailure)
	default:
		p.run.work.position, p.run.work.paged = Position{By: ByToken}, false
		c.goOn(p)
	}
}

// breakOff ends a run as Error. Requests under way are forgotten: what they
// still write, they write.
func (c *Core) breakOff(p *project, cause Cause, side engine.Side, failure engine.Failure) {
	e := &p.run.exec
	e.Cause, e.Map, e.Side, e.Failure = cause, p.Tasks[p.run.task], side, failure
	c.endRun(p)
}

// endRun writes a run into the history and forgets what is too old.
func (c *Core) endRun(p *project) {
	e := p.run.exec
	e.State, e.Ended = e.Cause.state(), c.now
	p.run = nil
	for i := len(c.history) - 1; i >= 0; i-- {
		if h := &c.history[i]; h.Project == e.Project && h.Number == e.Number {
			*h = e
			break
		}
	}
	c.save = append(c.save, Mutation{Kind: RunEnded, Execution: e})
	c.purge(c.now.Add(-c.cfg.History))
}

// purge forgets the executions at the head of the history that began before an
// instant.
func (c *Core) purge(before engine.Time) {
	n := 0
	for n < len(c.history) && c.history[n].forgotten(before) {
		n++
	}
	if n > 0 {
		c.history = c.history[n:]
		c.save = append(c.save, Mutation{Kind: HistoryPurged, Before: before})
	}
}
