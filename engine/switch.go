package engine

// A job tells the hooks of both sides how to capture its maps: not at all while it is
// stopped, and with a refusal while it is paused and full ([PauseLimit]). The hooks
// keep that, so that it outlives the engine's process; what was told last is known by
// its turn, which the engine saves before it asks. Turns are orders, so that those of an
// engine whose store was restored come after all that were forgotten.

// Capturing is what a hook does with the changes of a table map. The zero value
// captures them.
type Capturing struct {
	Off  bool       // nothing: the map's job is stopped
	Full PauseLimit // it refuses them; zero: it does not
}

// String tells it in a word or two.
func (c Capturing) String() string {
	switch {
	case c.Off:
		return "off"
	case c.Full != (PauseLimit{}):
		return "full"
	default:
		return "on"
	}
}

// captureSwitch is how a hook captures one map.
type captureSwitch struct {
	how  Capturing
	turn uint64 // of the last switch that was carried out
}

// Switch changes how some maps are captured. It belongs to the hook's durable
// settings; a hook that was never told captures as its maps say. A request that
// comes late, after one of a later turn, changes nothing.
func (c *Capture) Switch(maps []MapID, how Capturing, turn uint64) {
	for _, m := range maps {
		if s := &c.switches[m]; turn >= s.turn {
			s.how, s.turn = how, turn
		}
	}
}

// Captures reports whether the changes of a map are captured, or refused: whether it
// was not switched off last.
func (c *Capture) Captures(m MapID) bool { return !c.switches[m].how.Off }

// Inherit takes over the switches of a hook that this one replaces, because
// the maps of a stopped job were changed.
func (c *Capture) Inherit(before *Capture) { copy(c.switches, before.switches) }

// mode returns how changes of a map are carried: not at all while its job is
// stopped.
func (c *Capture) mode(m *TableMap) Mode {
	if c.switches[m.ID].how.Off {
		return Stopped
	}
	return m.Mode
}

// sideSwitch is one side's part in switching a job's capture.
type sideSwitch struct {
	wanted  bool    // the side has not said yes
	request BatchID // under way; 0: none
	at      Time    // of the next try
}

// tell begins to tell both sides how to capture a job's maps. It is not saved yet.
func (c *Core) tell(j int, how Capturing) {
	c.order++
	c.named = c.order
	w := &c.jobs[j]
	w.told, w.telling, w.turn = how, true, c.order
	c.tellAgain(j)
}

// tellAgain asks both sides, whoever may have heard.
func (c *Core) tellAgain(j int) {
	for _, side := range Sides {
		c.jobs[j].switches[side] = sideSwitch{wanted: true, at: c.now}
	}
}

// switched asks the sides that have not said yes, and reports whether both have.
func (c *Core) switched(j int) bool {
	w := &c.jobs[j]
	for _, side := range Sides {
		if s := &w.switches[side]; s.wanted && s.request == 0 && s.at <= c.now && !c.paused(side) {
			s.request = c.nextRequest()
			c.do = append(c.do, Effect{
				Kind: SwitchCapture, Side: side, Batch: s.request, Maps: c.cfg.Jobs[j].Maps, Capturing: w.told, Turn: w.turn,
			})
		}
	}
	return !w.switches[FinOps].wanted && !w.switches[Dataverse].wanted
}

// switchOf finds the switch that an answer belongs to; nil when nobody waits
// for it.
func (c *Core) switchOf(in *Input) *sideSwitch {
	for j := range c.jobs {
		if s := &c.jobs[j].switches[in.Side]; s.request == in.Batch && in.Batch != 0 {
			return s
		}
	}
	return nil
}

// captureSwitched takes a side's yes.
func (c *Core) captureSwitched(in *Input) {
	if s := c.switchOf(in); s != nil {
		*s = sideSwitch{}
		c.gates[in.Side].answered()
	}
}

// switchFailed tries again after a while. It reports whether the request was
// one of these.
func (c *Core) switchFailed(in *Input) bool {
	s := c.switchOf(in)
	if s == nil {
		return false
	}
	s.request, s.at = 0, c.now.Add(max(c.cfg.Probe, in.RetryAfter))
	return true
}

// switchWake returns when a job wants to ask a side again.
func (c *Core) switchWake(w *jobWork) Time {
	next := never
	for s := range w.switches {
		if w.switches[s].wanted && w.switches[s].request == 0 {
			next = min(next, max(w.switches[s].at, c.gates[s].pause))
		}
	}
	return next
}
