package engine

// The engine's own store may be restored to an older state. It cannot tell by itself:
// all that it knows is consistent. But each side keeps the highest intake order that a
// pull has told it, which was saved before, and says so with the next answer. When
// that is above what the store knows, the store has forgotten references that the
// outboxes have forgotten, too.
//
//	pull, with the highest order saved → side: keeps it, answers what it had kept
//	                                          │ above what is saved
//	                                          ▼
//	                       an alert · a thorough resync of every map that runs
//
// Data lose nothing by it: what the store holds once more is judged by marks, as ever,
// and what it holds no more is found by comparing ([Core.beThorough]). The outcomes of
// the forgotten references are gone with the store that had them.
//
// What a side answers with tells the reverse, too: one that knows less than it did was
// restored itself.
//
// It is supposed that no pull of the engine's former life reaches an outbox any more.

// causeOlderStore is told with the alert.
const causeOlderStore = "the engine's store is older than what a side was told: it was restored, and everything is compared again"

// olderStore takes note that the store has forgotten orders up to one that a side was
// told. Orders go on above it, so that the same is not found again.
func (c *Core) olderStore(side Side, told uint64) {
	c.outbox[side].told = max(c.outbox[side].told, told)
	c.order = max(c.order, told)
	c.named = c.order
	if c.older { // the other side has said so
		return
	}
	c.older = true
	c.alertRestored(causeOlderStore)
	for j := range c.jobs {
		name := c.cfg.Jobs[j].Name
		c.tell(j, c.jobs[j].told) // the hooks may have been told otherwise, by a turn that is forgotten
		c.saveJob(j)
		if s := c.jobs[j].state; s != Draining && s != Halted && s != Starting {
			c.resyncRequested(j, &Command{Kind: ResyncMaps, Job: name})
			for _, r := range c.resyncs {
				if !r.compareOnly {
					c.beThorough(r)
				}
			}
		}
	}
}

// causeOlderSide is told with the alert.
const causeOlderSide = "a side knows less than it was told: it was restored from a backup; resync its maps, in which the primary decides"

// olderSide takes note that a side has forgotten what it was told: it was restored from
// a backup. Marks tell that of a pair, as a rule; where users have made as many changes
// as were forgotten, and they went live or flow one way, nothing else does.
func (c *Core) olderSide() { c.alertRestored(causeOlderSide) }

func (c *Core) alertRestored(cause string) {
	for j := range c.jobs {
		c.do = append(c.do, Effect{Kind: RaiseAlert, Raised: &Raised{
			Job: c.cfg.Jobs[j].Name, Alert: Alert{Count: 1}, Last: Outcome{Class: SystemFailure, Reason: Restored, Cause: cause},
		}})
	}
}

// takeUp finds a live transaction that the store has forgotten: its side shows a
// tombstone that waits for it, or a record that stands in the place of one that it
// hides. It is asked for as after a crash. It reports whether there is one.
func (c *Core) takeUp(side Side, r *Record) bool {
	if r == nil || r.Mark.Intent == 0 || !r.Mark.Dead && r.Mark.Hidden == nil {
		return false
	}
	if c.pairs.at(c.pairs.ensure(*r.Key, side).pair()).held != nil {
		return true
	}
	row := IntentRow{Key: *r.Key, Op: Update, Incarnation: r.Mark.Incarnation, Existed: true, Hidden: r.Mark.Hidden != nil}
	if r.Mark.Dead {
		row.Op = Delete
	}
	t := recovered(Intent{Side: side.Other(), Tx: r.Mark.Intent, Deadline: c.deadline(), Rows: []IntentRow{row}})
	for _, o := range c.lives {
		if o.intent.Side == t.intent.Side && o.intent.Tx == t.intent.Tx { // its other rows first
			return true
		}
	}
	c.save = append(c.save, Mutation{Kind: IntentOpened, Intent: &t.intent})
	c.lives = append(c.lives, t)
	c.claim(t)
	c.ask(t)
	return true
}
