package copier

import (
	"slices"

	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/sim"
)

// Schedule orders a valid crash. Of the engine's crash points the process
// passes those from [driver.ItemTaken] on; at the others, which belong to
// references, it never dies.
func (p *Copier) Schedule(c driver.Crash) {
	p.crashes = append(p.crashes, c)
	p.k.At(c.At, sim.Early, p.id, kindCrash, 0, uint64(len(p.crashes)-1))
}

// crashDue lets the process die, or arms the point at which it will. One that
// is dead already cannot die.
func (p *Copier) crashDue(index int) {
	if p.crashes[index].Point != "" {
		p.armed = append(p.armed, index)
	} else if p.core != nil {
		p.die(index)
	}
}

// pass goes by a crash point and reports whether the process died there.
func (p *Copier) pass(at driver.CrashPoint) bool {
	if p.core == nil {
		return false
	}
	i := slices.IndexFunc(p.armed, func(index int) bool { return p.crashes[index].Point == at })
	if i < 0 {
		return false
	}
	index := p.armed[i]
	p.armed = slices.Delete(p.armed, i, i+1)
	p.die(index)
	return true
}

// Deaths lists the times in which the process was dead, as
// [driver.Driver.Deaths] does.
func (p *Copier) Deaths() []driver.Death { return slices.Clone(p.deaths) }

// die loses everything but what is saved. Requests under way live on in links
// and systems; their answers will find nobody.
func (p *Copier) die(crash int) {
	p.stats.Crashes++
	p.core = nil
	p.epoch++
	p.busy = false
	p.waiting.reset()
	p.syncing.reset()
	p.asked = false
	p.wakes++
	for _, s := range p.sent {
		p.requests.At(s.index).GivenUp = true
		p.requests.Release(s.index)
	}
	p.sent = p.sent[:0]
	now := p.k.Now()
	p.deaths = append(p.deaths, driver.Death{Crash: crash, From: now})
	p.sample()
	p.judge.Crashed(now)
	p.k.After(p.crashes[crash].Restart, sim.Early, p.id, kindRestart, 0, p.epoch)
}
