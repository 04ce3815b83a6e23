package system

import (
	"errors"
	"fmt"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Protection is how a system defends itself against too many requests of the
// engine: it answers 429 with a time to wait. A zero field means no such limit,
// the zero Protection none at all. Users' own work and what the engine says
// about held transactions are not counted.
type Protection struct {
	// Dataverse's service protection: limits of each user on each web server
	// within a sliding window. See [ServiceProtection] for what is documented.
	Requests   int           // admitted
	Execution  time.Duration // time that requests took which ended, plug-ins included
	Concurrent int           // under way
	Window     time.Duration // of Requests and Execution; 300s
	Users      int           // that the engine's requests are spread over; 1
	WebServers int           // ... as over these; 1

	// F&O's resource-based throttling: a request is refused while the station
	// has so many jobs for each of its servers, those in service included. The
	// threshold is not documented.
	Overload float64

	// RetryAfter is the least that a client is told to wait: 1s, assumed. Who
	// comes back before that is told twice as much as before, up to the window
	// (300s): documented is only that it grows.
	RetryAfter time.Duration
}

// ServiceProtection returns what Dataverse documents: 6,000 requests and 1,200
// seconds of execution in any 300 seconds, and 52 requests at a time, of one
// user on one web server.
func ServiceProtection() Protection {
	return Protection{Requests: 6000, Execution: 1200 * time.Second, Concurrent: 52, Window: 300 * time.Second}
}

func (p Protection) withDefaults() Protection {
	fill(&p.Window, 300*time.Second)
	fill(&p.Users, 1)
	fill(&p.WebServers, 1)
	fill(&p.RetryAfter, time.Second)
	return p
}

func (p Protection) faults() error {
	var faults []error
	if p.Requests < 0 || p.Execution < 0 || p.Concurrent < 0 || !(p.Overload >= 0) {
		faults = append(faults, errors.New("a limit of requests must not be negative; 0 is none"))
	}
	if p.Window < 0 || p.RetryAfter < 0 || p.RetryAfter > p.Window {
		faults = append(faults, fmt.Errorf("a window of %v and a wait of %v for throttled requests: both must be longer than zero, the wait no longer than the window", p.Window, p.RetryAfter))
	}
	if p.Users < 1 || p.WebServers < 1 {
		faults = append(faults, fmt.Errorf("requests are spread over %d users and %d web servers: both must be at least 1", p.Users, p.WebServers))
	}
	return errors.Join(faults...)
}

// Throttle says why a request was answered 429.
type Throttle uint8

// The reasons: the three error codes of Dataverse's service protection, and
// F&O's high resource utilization.
const (
	ManyRequests   Throttle = iota // 0x80072322, number of requests
	LongExecution                  // 0x80072321, combined execution time
	ManyConcurrent                 // 0x80072326, number of concurrent requests
	HighLoad                       // the station is overloaded
	Storm                          // a throttling storm: see [System.StartStorm]
	throttles
)

// String returns the reason as the system words it.
func (t Throttle) String() string {
	return [...]string{
		"0x80072322 number of requests exceeded", "0x80072321 combined execution time exceeded",
		"0x80072326 number of concurrent requests exceeded", "high resource utilization", "throttling storm",
	}[t]
}

// Throttles is how many reasons there are.
const Throttles = int(throttles)

// counter counts for one user on one web server.
type counter struct {
	requests  *sim.Window
	execution *sim.Window
	under     int           // requests under way
	told      sim.Time      // until when the client was told to wait
	wait      time.Duration // what it was told on top of what the window demands
}

// protection is what a system knows of the requests that it counts.
type protection struct {
	Protection
	counters []counter
	storms   int
}

func newProtection(p Protection) protection {
	made := protection{Protection: p, counters: make([]counter, p.Users*p.WebServers)}
	for i := range made.counters {
		made.counters[i] = counter{requests: sim.NewWindow(p.Window), execution: sim.NewWindow(p.Window)}
	}
	return made
}

// slot returns the user and web server that a request comes to, by its own key.
func (p *protection) slot(r *Request) *counter {
	return &p.counters[sim.Mix(r.Entity, r.Ordinal)%uint64(len(p.counters))]
}

// counted reports whether a request counts.
func counted(r *Request) bool { return r.Tx == 0 }

// admit lets a request in, or returns why not and how long to wait.
func (s *System) admit(r *Request) (why Throttle, wait time.Duration, ok bool) {
	if !counted(r) {
		return 0, 0, true
	}
	s.stats.Requests++
	p := &s.protection
	c := p.slot(r)
	now := s.k.Now()
	switch {
	case p.storms > 0:
		return Storm, c.push(now, &p.Protection), false
	case p.Concurrent > 0 && c.under >= p.Concurrent:
		return ManyConcurrent, c.push(now, &p.Protection), false
	case p.Requests > 0 && c.requests.Sum(now) >= int64(p.Requests):
		return ManyRequests, c.push(now, &p.Protection) + c.requests.UntilBelow(now, int64(p.Requests)), false
	case p.Execution > 0 && c.execution.Sum(now) >= int64(p.Execution):
		return LongExecution, c.push(now, &p.Protection) + c.execution.UntilBelow(now, int64(p.Execution)), false
	case p.Overload > 0 && s.station.Load() >= p.Overload:
		return HighLoad, c.push(now, &p.Protection), false
	}
	c.wait = 0
	c.under++
	if p.Requests > 0 {
		c.requests.Add(now, 1)
	}
	return 0, 0, true
}

// push returns what a client is told to wait beside what the window demands.
func (c *counter) push(now sim.Time, p *Protection) time.Duration {
	if now < c.told && c.wait > 0 {
		c.wait = min(2*c.wait, p.Window)
	} else {
		c.wait = p.RetryAfter
	}
	c.told = now.Add(c.wait)
	return c.wait
}

// leave notes that an admitted request is under way no more, and what it took.
func (s *System) leave(r *Request, took time.Duration) {
	if !counted(r) {
		return
	}
	c := s.protection.slot(r)
	c.under--
	if s.protection.Execution > 0 {
		c.execution.Add(s.k.Now(), int64(took))
	}
}

// throttle answers a request that is not admitted.
func (s *System) throttle(index int32, r *Request, why Throttle, wait time.Duration) {
	s.stats.Throttled[why]++
	r.Failure, r.RetryAfter = engine.Throttled, wait
	s.k.After(s.config.ConnectDelay, sim.Normal, s.id, kindRefused, r.Entity, uint64(index))
}

// StartStorm makes the system answer every counted request with 429; storms may
// overlap.
func (s *System) StartStorm() { s.protection.storms++ }

// EndStorm ends one storm.
func (s *System) EndStorm() { s.protection.storms-- }
