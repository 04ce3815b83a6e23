package copier

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// sent is a request that has no answer yet. There are a few at a time.
type sent struct {
	serial uint64
	index  int32
}

// send lets a request leave.
func (p *Copier) send(e *integrator.Effect) {
	index, r := p.requests.New()
	r.Epoch = p.epoch
	s := p.systems[e.Side]
	entity, ordinal := uint64(0), uint64(0)
	if e.Kind != integrator.WriteRows {
		count := &p.reads[e.Project][e.Map]
		*count++
		entity, ordinal = sim.Mix(sim.Hash(e.Project), uint64(e.Map)), *count
	}
	s.PrepareCopy(r, e, entity, ordinal)
	p.stats.Requests++
	p.serial++
	p.sent = append(p.sent, sent{serial: p.serial, index: index})
	p.k.After(p.config.Timeout, sim.Normal, p.id, kindTimeout, r.Entity, p.serial)
	to, kind := s.Arrives()
	if p.links[e.Side][0].Send(p.k, sim.Normal, to, kind, r.Entity, uint64(index), r.Ordinal) > 0 {
		p.requests.Hold(index)
	}
}

// timeout gives a request up, if it has no answer yet.
func (p *Copier) timeout(serial uint64) {
	i := slices.IndexFunc(p.sent, func(s sent) bool { return s.serial == serial })
	if i < 0 {
		return
	}
	index := p.sent[i].index
	p.sent = slices.Delete(p.sent, i, i+1)
	r := p.requests.At(index)
	r.GivenUp = true
	p.stats.Timeouts++
	in := integrator.Input{Kind: integrator.RequestFailed, Request: r.Copy.Request, Failure: engine.Timeout}
	p.requests.Release(index)
	p.step(&in)
}

// Landed implements [system.Client].
func (p *Copier) Landed(index int32, writes int) {
	if writes > 0 && p.requests.At(index).Epoch == p.epoch {
		p.pass(driver.WriteLanded)
	}
}

// Answered implements [system.Client]: the answer sets out on its way.
func (p *Copier) Answered(index int32) {
	r := p.requests.At(index)
	if p.links[r.Side][1].Send(p.k, sim.Normal, p.id, kindAnswer, r.Entity, uint64(index), r.Ordinal) > 0 {
		p.requests.Hold(index)
	}
}

// answer takes an answer, unless nobody waits for it any more.
func (p *Copier) answer(index int32) {
	r := p.requests.At(index)
	if r.GivenUp || r.Epoch != p.epoch {
		p.stats.Ignored++
		p.requests.Release(index)
		return
	}
	p.sent = slices.DeleteFunc(p.sent, func(s sent) bool { return s.index == index })
	p.take(r)
	p.requests.Release(index) // of the way
	p.requests.Release(index) // of the process
}

// take hands an answer to the integrator.
func (p *Copier) take(r *system.Request) {
	in := r.Answer
	switch {
	case r.Failure != engine.NoFailure:
		p.stats.Refused++
		in = integrator.Input{Kind: integrator.RequestFailed, Request: r.Copy.Request, Failure: r.Failure}
	case in.Kind == integrator.Written:
		if p.pass(driver.AnswerBeforeSave) {
			return
		}
	case in.Kind == integrator.Listed:
		if p.pass(driver.AfterRead) {
			return
		}
	}
	p.step(&in)
}
