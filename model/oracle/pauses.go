package oracle

import (
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// pause is a job that is paused, as long as the process lives that has paused it, or has
// changed something about that since it began. A paused job queues up changes for so long,
// and so much of them; past either, the hooks of both sides are to refuse what they would
// capture for it. They hear of that a little later, and what they capture meanwhile is let
// in. So it counts when the engine decides that they are told, and then, once both have said
// that they have heard, that they do refuse it.
type pause struct {
	job   string
	since engine.Time // by the clock of the process
	told  bool        // to refuse changes, or it was reported that they are not
	heard bool        // ... and both sides have said so
}

// moves notes that a job is paused or not, and what the hooks are told.
func (l *limits) moves(j *engine.JobRecord) {
	i := slices.IndexFunc(l.pauses, func(p pause) bool { return p.job == j.Name })
	if j.State != engine.Paused {
		if i >= 0 {
			l.pauses = slices.Delete(l.pauses, i, i+1)
		}
		return
	}
	if i < 0 {
		i = len(l.pauses)
		l.pauses = append(l.pauses, pause{job: j.Name, since: max(l.now, 0)}) // before its beginning time stands still
	}
	p, full := &l.pauses[i], j.Full != engine.PauseLimit{}
	p.told, p.heard = p.told || full, full && !j.Telling
}

// letsIn judges that a side captures a user's change. What it had held before its commit was
// captured then.
func (o *Oracle) letsIn(at sim.Time, side engine.Side, ref *engine.Reference) {
	for i := range o.limits.pauses {
		p, tx := &o.limits.pauses[i], &o.commits[side]
		if !p.heard || p.job != o.courses[ref.Key.Map].job || tx.held && tx.tx == ref.Tx {
			continue
		}
		o.tallies[limitsKept].checked++
		o.breach(limitsKept, at, &ref.Key, "%s has captured a change of job %s, which is paused and full", side, p.job)
	}
}

// queuesUp judges, after a step of the engine, that no job which is paused queues up more
// than it may.
func (o *Oracle) queuesUp(at sim.Time) {
	most := &o.config.Limits
	for i := range o.limits.pauses {
		p := &o.limits.pauses[i]
		if p.told {
			continue
		}
		o.tallies[limitsKept].checked++
		if lasted := time.Duration(o.limits.now - p.since); most.PauseAge > 0 && lasted >= most.PauseAge {
			p.told = true
			o.breach(limitsKept, at, nil, "job %s has queued up changes for %v and goes on, and the limit is %v", p.job, lasted, most.PauseAge)
		} else if most.PauseSize > 0 && o.mayQueue(p.job) >= most.PauseSize {
			if n := o.queuedUp(at, p.job); n >= most.PauseSize {
				p.told = true
				o.breach(limitsKept, at, nil, "job %s has queued up %d bytes of records and goes on, and the limit is %d", p.job, n, most.PauseSize)
			}
		}
	}
}

// mayQueue is the size of all changes of a job that have come into the engine's queue and
// have not ended, those on the error desk among them.
func (o *Oracle) mayQueue(job string) (n int64) {
	for i := range o.courses {
		if o.courses[i].job == job {
			n += o.courses[i].size
		}
	}
	return n
}

// queuedUp is the size of those that are in the queue for certain. What waits for people is
// not there; nor need that be which a process that died had not saved.
func (o *Oracle) queuedUp(at sim.Time, job string) (n int64) {
	in := weighs
	if o.totals.Crashes > 0 {
		in |= taken
	}
	for i := range o.pairs.count {
		p := o.pairs.pair(i)
		if p.waiting == nil || o.courses[p.key().Map].job != job {
			continue
		}
		for s := range p.waiting.lines {
			l := &p.waiting.lines[s]
			if l.lately(engine.OnTheDesk, at) {
				continue
			}
			for _, c := range l.list() {
				if c.what.has(in) {
					n += int64(c.size)
				}
			}
		}
	}
	return n
}

// sizeOf is how large a record is while its change is queued up: its key, and its values as
// its side writes them.
func sizeOf(k *engine.Key, r *engine.Record) uint32 {
	const number = 8
	n := len(k.Company) + len(k.ID)
	if r == nil {
		return uint32(n)
	}
	for i := range r.Values {
		switch v := &r.Values[i]; v.Kind {
		case engine.KindText:
			n += len(v.Text)
		case engine.KindNumber:
			n += number
		case engine.KindLookup:
			n += len(v.Target.Company) + len(v.Target.ID)
		}
	}
	return uint32(n)
}
