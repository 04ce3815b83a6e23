package sim

import (
	"fmt"
	"math"
	"time"
)

// StationConfig is what a station starts from.
type StationConfig struct {
	// Servers is how many jobs are worked on at a time, at least 1.
	Servers int

	// QueueMax is how many jobs may wait; more are refused. 0 means no bound;
	// to let none wait, use a negative number.
	QueueMax int

	// Priority is that of the events at which jobs end. 0 means Normal.
	Priority Priority

	// Service is how much work a job is, in seconds at speed 1, drawn from
	// Stream by the job's Entity and Ordinal. Only [Station.Submit] needs them.
	Service Dist
	Stream  Stream
}

// Job is a piece of work for a station, and whom to tell when it is done: the
// actor To gets an event with Kind, Entity and Arg at that instant.
type Job struct {
	Entity  uint64
	Arg     uint64
	Ordinal uint64 // with Entity, the key of the draw of its work
	To      ActorID
	Kind    Kind
}

// Served is how one job fared.
type Served struct {
	Arrived, Began, Ended Time
}

// Waited returns how long the job stood in the queue.
func (s Served) Waited() time.Duration { return s.Began.Sub(s.Arrived) }

// Took returns how long it was in service, stoppages included.
func (s Served) Took() time.Duration { return s.Ended.Sub(s.Began) }

// Station is a number of servers with one queue, first come first served. It is
// an actor of its kernel, and where the load of a model turns into delay.
//
// Its speed may change at any time: jobs in service keep the work they have
// done. At speed 0 the station is down; nothing is lost unless [Station.Evict]
// says so.
type Station struct {
	k        *Kernel
	id       ActorID
	config   StationConfig
	speed    float64
	servers  []server
	idle     []int32 // the servers without a job, the next to get one last
	queue    ring
	served   Served
	counters StationStats
	waited   sum128
	queueing integral
	busy     integral
}

// server is one place of service. The event that ends its job carries the
// server's number; it is out of date, and ignored, unless the server is due at
// just that instant.
type server struct {
	waiting
	began Time
	due   Time          // the end of the job, or never
	left  time.Duration // work left at the latest change of speed, at speed 1
	since Time          // that change, or the beginning
	busy  bool
}

// never is when an idle server, or one that stands still, ends its job.
const never Time = -1

// waiting is a job in the queue.
type waiting struct {
	Job
	work    time.Duration // at speed 1
	arrived Time
}

// set writes field by field what has just arrived field by field: to copy it in
// larger pieces would have to wait for the fields to be stored.
func (w *waiting) set(j *Job, work time.Duration, arrived Time) {
	w.Entity, w.Arg, w.Ordinal, w.To, w.Kind = j.Entity, j.Arg, j.Ordinal, j.To, j.Kind
	w.work, w.arrived = work, arrived
}

// NewStation returns an idle station, registered under its name.
func NewStation(k *Kernel, name string, c StationConfig) *Station {
	if c.Servers < 1 || c.Servers > math.MaxInt32 {
		k.breach(ValidParameters, fmt.Sprintf("station %q: %d servers", name, c.Servers))
	}
	if c.Priority == 0 {
		c.Priority = Normal
	}
	s := &Station{k: k, config: c, speed: 1, servers: make([]server, c.Servers)}
	for i := range s.servers {
		s.servers[i].due = never
		s.idle = append(s.idle, int32(c.Servers-1-i))
	}
	s.ResetStats()
	s.id = k.Register(name, s)
	return s
}

// Submit brings a job whose work is drawn from the station's Service. It
// returns false, and forgets the job, if the queue is full.
func (s *Station) Submit(j Job) bool {
	return s.SubmitWork(j, Draw(s.config.Service, s.config.Stream, j.Entity, j.Ordinal))
}

// SubmitWork brings a job of the given work, at speed 1.
func (s *Station) SubmitWork(j Job, work time.Duration) bool {
	if int(j.To) >= len(s.k.actors) || work < 0 {
		s.k.breach(ValidParameters, fmt.Sprintf("station %q: job %+v with work %v", s.k.Name(s.id), j, work))
	}
	if s.speed > 0 && len(s.idle) > 0 {
		i := s.engage()
		s.servers[i].set(&j, work, s.k.now)
		s.begin(i)
		return true
	}
	if n := s.queue.len(); s.config.QueueMax != 0 && n >= s.config.QueueMax {
		s.counters.Refused++
		return false
	}
	s.queueing.change(s.k.now, +1)
	s.queue.push().set(&j, work, s.k.now)
	s.counters.QueueMax = max(s.counters.QueueMax, s.queue.len())
	return true
}

// engage returns an idle server and counts it as busy.
func (s *Station) engage() int32 {
	i := s.idle[len(s.idle)-1]
	s.idle = s.idle[:len(s.idle)-1]
	s.busy.change(s.k.now, +1)
	return i
}

// begin lets server i turn to the job that it has been given.
func (s *Station) begin(i int32) {
	v := &s.servers[i]
	v.began = s.k.now
	v.left = v.work
	v.busy = true
	s.schedule(uint64(i))
}

// schedule sets the end of the job on server i from the work left and the
// present speed.
func (s *Station) schedule(i uint64) {
	v := &s.servers[i]
	v.since = s.k.now
	due := never
	switch s.speed {
	case 0:
	case 1:
		due = s.k.now.Add(v.left)
	default:
		due = s.k.now.Add(Seconds(v.left.Seconds() / s.speed))
	}
	if due != never && due != v.due {
		s.k.At(due, s.config.Priority, s.id, v.Kind, v.Entity, i)
	}
	v.due = due
}

// Handle ends a job: the server turns to the next one, and then the client is
// told. It implements [Actor] and is for the kernel to call.
func (s *Station) Handle(ev Event) {
	v := &s.servers[ev.Arg]
	if v.due != ev.At {
		return // the speed has changed since, or the job was evicted
	}
	job := v.Job
	s.served = Served{Arrived: v.arrived, Began: v.began, Ended: ev.At}
	s.counters.Served++
	s.waited.add(uint64(s.served.Waited()))
	s.release(int32(ev.Arg))
	s.serve()
	s.k.actors[job.To].Handle(Event{At: ev.At, Entity: job.Entity, Arg: job.Arg, Actor: job.To, Kind: job.Kind, Priority: ev.Priority})
}

// release makes a server idle.
func (s *Station) release(i int32) {
	s.busy.change(s.k.now, -1)
	s.servers[i].busy = false
	s.servers[i].due = never
	s.idle = append(s.idle, i)
}

// serve gives waiting jobs to idle servers.
func (s *Station) serve() {
	for s.speed > 0 && len(s.idle) > 0 && s.queue.len() > 0 {
		s.queueing.change(s.k.now, -1)
		i := s.engage()
		s.servers[i].waiting = *s.queue.pop()
		s.begin(i)
	}
}

// Served returns how the job that has just ended fared. It is for the client to
// ask while it handles that end.
func (s *Station) Served() Served { return s.served }

// SetSpeed makes the station work faster or slower from now on, the jobs in
// service included: 1 is as configured, 0.5 takes twice the time, 0 is down.
func (s *Station) SetSpeed(speed float64) {
	if !(speed >= 0) || math.IsInf(speed, 1) {
		s.k.breach(ValidParameters, fmt.Sprintf("station %q: speed %v", s.k.Name(s.id), speed))
	}
	now := s.k.now
	for i := range s.servers {
		if v := &s.servers[i]; v.busy {
			done := now.Sub(v.since)
			if s.speed != 1 {
				done = Seconds(float64(done.Seconds() * s.speed))
			}
			v.left = max(0, v.left-done)
		}
	}
	s.speed = speed
	for i := range s.servers {
		if s.servers[i].busy {
			s.schedule(uint64(i))
		}
	}
	s.serve()
}

// SetDown stops the station, or starts it again at speed 1.
func (s *Station) SetDown(down bool) {
	if down {
		s.SetSpeed(0)
	} else {
		s.SetSpeed(1)
	}
}

// Speed returns the present speed; 0 means down.
func (s *Station) Speed() float64 { return s.speed }

// Evict throws out every job, those in service first, by server, then those in
// the queue, in order. Nobody is told; lost, if not nil, is called for each.
func (s *Station) Evict(lost func(Job)) {
	var jobs []Job
	for i := range s.servers {
		if s.servers[i].busy {
			jobs = append(jobs, s.servers[i].Job)
			s.release(int32(i))
		}
	}
	for s.queue.len() > 0 {
		s.queueing.change(s.k.now, -1)
		jobs = append(jobs, s.queue.pop().Job)
	}
	s.counters.Evicted += uint64(len(jobs))
	if lost == nil {
		return
	}
	for _, j := range jobs {
		lost(j)
	}
}

// Servers returns how many servers the station has.
func (s *Station) Servers() int { return len(s.servers) }

// Busy returns how many jobs are in service.
func (s *Station) Busy() int { return len(s.servers) - len(s.idle) }

// Queued returns how many jobs wait.
func (s *Station) Queued() int { return s.queue.len() }

// Load returns the jobs present per server: above 1 there is a queue.
func (s *Station) Load() float64 {
	return float64(s.Busy()+s.Queued()) / float64(len(s.servers))
}

// StateHash returns a part for [Kernel.StateHash]: what is in service and in
// the queue, seen from now.
func (s *Station) StateHash() uint64 {
	h := Mix(math.Float64bits(s.speed), uint64(s.queue.len()))
	for i := range s.servers {
		if v := &s.servers[i]; v.busy {
			h = Mix(Mix(h, uint64(i)), v.hash())
			h = Mix(Mix(h, uint64(v.left)), uint64(s.k.now-v.since))
		}
	}
	for i := range s.queue.len() {
		h = Mix(h, s.queue.at(i).hash())
	}
	return h
}

func (w *waiting) hash() uint64 {
	h := Mix(Mix(w.Entity, w.Arg), Mix(w.Ordinal, uint64(w.To)<<16|uint64(w.Kind)))
	return Mix(h, uint64(w.work))
}
