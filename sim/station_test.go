package sim_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/sim"
)

// queueing is customers who come at random, pass one station after the other,
// and leave.
type queueing struct {
	k        *sim.Kernel
	id       sim.ActorID
	gaps     sim.Dist
	arrivals sim.Stream
	stations []*sim.Station
	came     uint64
	waits    []float64 // in the last station, seconds
	present  integral
	stay     time.Duration // summed over those who have left
	entered  map[uint64]sim.Time
}

// integral is the number of those present, over time: the test's own.
type integral struct {
	level int
	at    sim.Time
	sum   float64
}

func (g *integral) change(now sim.Time, by int) {
	g.sum += float64(g.level) * now.Sub(g.at).Seconds()
	g.at, g.level = now, g.level+by
}

func newQueueing(c sim.Config, rate float64, servers int, service ...sim.Dist) *queueing {
	k := sim.New(c)
	q := &queueing{k: k, gaps: sim.Exponential(1 / rate), arrivals: k.Stream("arrivals"), entered: map[uint64]sim.Time{}}
	q.id = k.Register("customers", q)
	for i, d := range service {
		name := fmt.Sprintf("station %d", i)
		q.stations = append(q.stations, sim.NewStation(k, name, sim.StationConfig{Servers: servers, Service: d, Stream: k.Stream(name)}))
	}
	q.next()
	return q
}

func (q *queueing) next() {
	q.k.After(sim.Draw(q.gaps, q.arrivals, 0, q.came), sim.Normal, q.id, 0, q.came, 0)
	q.came++
}

// Handle moves a customer to the station after the Kind-th.
func (q *queueing) Handle(ev sim.Event) {
	at := int(ev.Kind)
	if at == 0 {
		q.next()
		q.present.change(ev.At, +1)
		q.entered[ev.Entity] = ev.At
	}
	if at < len(q.stations) {
		q.stations[at].Submit(sim.Job{Entity: ev.Entity, To: q.id, Kind: ev.Kind + 1})
		return
	}
	q.present.change(ev.At, -1)
	q.waits = append(q.waits, q.stations[at-1].Served().Waited().Seconds())
	q.stay += ev.At.Sub(q.entered[ev.Entity])
	delete(q.entered, ev.Entity)
}

// interval is the mean of the runs' results and three and a half standard
// errors of it: wide enough that a right station fails in one of 2000 sets of
// seeds, and the seeds are fixed.
func interval(x []float64) (mean, half float64) {
	n := float64(len(x))
	for _, v := range x {
		mean += v / n
	}
	for _, v := range x {
		half += (v - mean) * (v - mean)
	}
	return mean, 3.5 * math.Sqrt(half/(n-1)/n)
}

// erlangC is the mean wait in a queue of c servers, by Erlang's formula.
func erlangC(rate, service float64, c int) float64 {
	load := rate * service
	term, sum := 1.0, 0.0
	for i := range c {
		sum += term
		term *= load / float64(i+1)
	}
	share := load / float64(c)
	last := term / (1 - share)
	return last / (sum + last) * service / (float64(c) - load)
}

func TestQueuesAgreeWithTheirFormulas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		rate    float64
		servers int
		service []sim.Dist
		wait    float64 // mean, in the last station
	}{
		{"M/M/1 at 0.5", 0.5, 1, []sim.Dist{sim.Exponential(1)}, 1},
		{"M/M/1 at 0.8", 0.8, 1, []sim.Dist{sim.Exponential(1)}, 4},
		{"M/M/4 at 0.9", 3.6, 4, []sim.Dist{sim.Exponential(1)}, erlangC(3.6, 1, 4)},
		{"M/M/16 at 0.85", 13.6, 16, []sim.Dist{sim.Exponential(1)}, erlangC(13.6, 1, 16)},
		// Pollaczek and Khinchine: rate·E[S²]/(2(1-load)).
		{"M/D/1", 0.7, 1, []sim.Dist{sim.Constant(1)}, 0.7 / (2 * 0.3)},
		{"M/G/1, gamma", 0.7, 1, []sim.Dist{sim.NewGamma(1, 1.5)}, 0.7 * (1 + 1.5*1.5) / (2 * 0.3)},
		{"M/G/1, uniform", 0.7, 1, []sim.Dist{sim.Uniform{Low: 0, High: 2}}, 0.7 * 4 / 3 / (2 * 0.3)},
		// What leaves an M/M/1 is Poisson again (Burke).
		{"tandem", 0.6, 1, []sim.Dist{sim.Exponential(0.9), sim.Exponential(1)}, 0.6 / 0.4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			runs, customers := 30, 20_000.0
			if testing.Short() {
				runs, customers = 12, 5_000
			}
			var waits, busy []float64
			for run := range runs {
				q := newQueueing(sim.Config{Seed: 5, Run: uint64(run)}, c.rate, c.servers, c.service...)
				last := q.stations[len(q.stations)-1]
				warmup := sim.Time(0.1 * customers / c.rate * 1e9)
				q.k.Run(warmup)
				q.waits = q.waits[:0]
				last.ResetStats()
				q.k.Run(11 * warmup)
				mean, _ := interval(q.waits)
				waits = append(waits, mean)
				st := last.Stats()
				busy = append(busy, st.Utilisation)
				if math.Abs(mean-st.MeanWait.Seconds()) > 1e-6 || int(st.Served) != len(q.waits) {
					t.Fatalf("the station reports a mean wait of %v over %d, its customers of %v over %d", st.MeanWait, st.Served, mean, len(q.waits))
				}
				// Little's law for the queue, but for those who wait at the ends.
				if want := st.MeanQueue / c.rate; math.Abs(want-mean) > 0.15*mean+0.02 {
					t.Errorf("run %d: mean queue over rate is %v, mean wait %v", run, want, mean)
				}
			}
			if mean, half := interval(waits); math.Abs(mean-c.wait) > half {
				t.Errorf("mean wait %.4f ± %.4f, want %.4f", mean, half, c.wait)
			}
			load := c.rate * c.service[len(c.service)-1].Mean() / float64(c.servers)
			if mean, half := interval(busy); math.Abs(mean-load) > half {
				t.Errorf("utilisation %.4f ± %.4f, want %.4f", mean, half, load)
			}
		})
	}
}

// Little's law is exact over a period that begins and ends empty.
func TestLittlesLaw(t *testing.T) {
	t.Parallel()
	q := newQueueing(sim.Config{Seed: 1}, 3, 2, sim.Exponential(0.5), sim.NewGamma(0.4, 2))
	for q.came < 5000 || q.present.level > 0 {
		q.k.Run(q.k.Now().Add(time.Millisecond))
	}
	if got, want := q.present.sum, q.stay.Seconds(); math.Abs(got-want) > 1e-6*want {
		t.Errorf("the integral of those present is %v s, the sum of their stays %v s", got, want)
	}
}

// shop is a station whose customers have fixed work, written down as they
// leave.
type shop struct {
	k       *sim.Kernel
	id      sim.ActorID
	station *sim.Station
	log     []string
}

func newShop(c sim.StationConfig) *shop {
	k := sim.New(sim.Config{})
	s := &shop{k: k}
	s.id = k.Register("customers", s)
	s.station = sim.NewStation(k, "shop", c)
	return s
}

func (s *shop) Handle(ev sim.Event) {
	v := s.station.Served()
	s.log = append(s.log, fmt.Sprintf("%d at %d, waited %d, took %d", ev.Entity, ev.At, v.Waited(), v.Took()))
	if v.Ended != ev.At {
		s.log = append(s.log, "ended at another time")
	}
}

// at runs the shop up to a moment and then does something.
func (s *shop) at(t sim.Time, do func()) {
	clock := s.k.Register("test", sim.ActorFunc(func(sim.Event) { do() }))
	s.k.At(t, sim.Early, clock, 0, 0, 0)
}

func (s *shop) come(entity uint64, work time.Duration) bool {
	return s.station.SubmitWork(sim.Job{Entity: entity, To: s.id}, work)
}

func (s *shop) expect(t *testing.T, want ...string) {
	t.Helper()
	s.k.Run(sim.Forever)
	if diff := cmp.Diff(want, s.log); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s.station.Busy() != 0 || s.station.Queued() != 0 {
		t.Errorf("left over: %d in service, %d waiting", s.station.Busy(), s.station.Queued())
	}
}

func TestStationIsFirstComeFirstServed(t *testing.T) {
	t.Parallel()
	s := newShop(sim.StationConfig{Servers: 2})
	s.at(0, func() {
		s.come(1, 100)
		s.come(2, 30)
		s.come(3, 50)
		s.come(4, 10)
		s.come(5, 0)
		if s.station.Busy() != 2 || s.station.Queued() != 3 || s.station.Load() != 2.5 {
			t.Errorf("busy %d, queued %d, load %v", s.station.Busy(), s.station.Queued(), s.station.Load())
		}
	})
	s.expect(t,
		"2 at 30, waited 0, took 30",
		"3 at 80, waited 30, took 50",
		"4 at 90, waited 80, took 10",
		"5 at 90, waited 90, took 0",
		"1 at 100, waited 0, took 100")
	st := s.station.Stats()
	want := sim.StationStats{Served: 5, QueueMax: 3, Period: 100, Work: 190, Utilisation: 0.95, MeanQueue: 2, MeanWait: 40}
	if diff := cmp.Diff(want, st); diff != "" {
		t.Errorf("statistics (-want +got):\n%s", diff)
	}
}

func TestStationRefusesBeyondItsQueue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ queueMax, taken int }{{0, 10}, {3, 4}, {-1, 1}} {
		s := newShop(sim.StationConfig{Servers: 1, QueueMax: c.queueMax})
		taken := 0
		for i := range uint64(10) {
			if s.come(i, 5) {
				taken++
			}
		}
		s.k.Run(sim.Forever)
		st := s.station.Stats()
		if taken != c.taken || len(s.log) != taken || st.Refused != uint64(10-taken) || st.Served != uint64(taken) {
			t.Errorf("queue of %d: took %d, served %d, refused %d, want %d taken", c.queueMax, taken, st.Served, st.Refused, c.taken)
		}
	}
}

func TestStationSpeedAppliesToWorkInHand(t *testing.T) {
	t.Parallel()
	s := newShop(sim.StationConfig{Servers: 1})
	s.come(1, 100)
	s.come(2, 100)
	s.at(50, func() { s.station.SetSpeed(0.5) })  // 50 left: until 150
	s.at(110, func() { s.station.SetSpeed(2) })   // 20 left: until 120
	s.at(140, func() { s.station.SetSpeed(1) })   // 60 left of the second
	s.at(150, func() { s.station.SetDown(true) }) // 50 left
	s.at(155, func() {
		s.come(3, 1)
		if s.station.Queued() != 1 || s.station.Speed() != 0 {
			t.Errorf("while down: %d waiting, speed %v", s.station.Queued(), s.station.Speed())
		}
	})
	s.at(1000, func() { s.station.SetDown(false) })
	s.expect(t,
		"1 at 120, waited 0, took 120",
		"2 at 1050, waited 120, took 930",
		"3 at 1051, waited 895, took 1")
}

// A change and a change back at one instant do not disturb a job, nor finish it
// twice.
func TestStationSpeedThereAndBack(t *testing.T) {
	t.Parallel()
	s := newShop(sim.StationConfig{Servers: 2})
	s.come(1, 100)
	s.come(2, 100)
	s.come(3, 0)
	s.at(40, func() {
		s.station.SetDown(true)
		s.station.SetSpeed(3)
		s.station.SetDown(false)
	})
	s.expect(t,
		"1 at 100, waited 0, took 100",
		"2 at 100, waited 0, took 100",
		"3 at 100, waited 100, took 0")
}

func TestStationComesUpToWaitingJobs(t *testing.T) {
	t.Parallel()
	s := newShop(sim.StationConfig{Servers: 2})
	s.station.SetDown(true)
	for i := range uint64(3) {
		s.come(i, 10)
	}
	s.at(7, func() { s.station.SetSpeed(1) })
	s.expect(t, "0 at 17, waited 7, took 10", "1 at 17, waited 7, took 10", "2 at 27, waited 17, took 10")
}

func TestStationEvicts(t *testing.T) {
	t.Parallel()
	s := newShop(sim.StationConfig{Servers: 2})
	for i := range uint64(5) {
		s.come(i, 10)
	}
	var lost []uint64
	s.at(4, func() {
		s.station.Evict(func(j sim.Job) {
			lost = append(lost, j.Entity)
			if j.Entity == 0 {
				s.come(100, 6) // ends when the evicted would have
			}
		})
	})
	s.expect(t, "100 at 10, waited 0, took 6")
	if want := []uint64{0, 1, 2, 3, 4}; !slices.Equal(lost, want) {
		t.Errorf("lost %v, want %v", lost, want)
	}
	if st := s.station.Stats(); st.Evicted != 5 || st.Served != 1 {
		t.Errorf("statistics %+v", st)
	}
}

// Work is keyed: leaving out one customer moves no draw of another.
func TestStationDrawsAreKeyed(t *testing.T) {
	t.Parallel()
	took := func(without uint64) map[uint64]time.Duration {
		k := sim.New(sim.Config{Seed: 3})
		got := map[uint64]time.Duration{}
		var s *sim.Station
		id := k.Register("customers", sim.ActorFunc(func(ev sim.Event) { got[ev.Entity] = s.Served().Took() }))
		s = sim.NewStation(k, "s", sim.StationConfig{Servers: 1, Service: sim.Exponential(1), Stream: k.Stream("s")})
		for i := range uint64(20) {
			if i != without {
				s.Submit(sim.Job{Entity: i, To: id})
			}
		}
		k.Run(sim.Forever)
		return got
	}
	all, some := took(99), took(5)
	delete(all, 5)
	if diff := cmp.Diff(all, some); diff != "" {
		t.Errorf("without one customer (-all +some):\n%s", diff)
	}
}

func TestStationStateHash(t *testing.T) {
	t.Parallel()
	hash := func(from sim.Time, entities ...uint64) uint64 {
		s := newShop(sim.StationConfig{Servers: 1})
		s.k.At(from, sim.Normal, s.id, 0, 0, 0)
		s.k.Run(from)
		for _, e := range entities {
			s.come(e, 10)
		}
		return s.k.StateHash(s.station.StateHash())
	}
	base := hash(5, 1, 2, 3)
	if got := hash(500, 1, 2, 3); got != base {
		t.Errorf("the same state later hashes to %x, not %x", got, base)
	}
	for _, other := range [][]uint64{{1, 2}, {1, 3, 2}, {2, 1, 3}, {1, 2, 4}} {
		if hash(5, other...) == base {
			t.Errorf("%v hashes like 1, 2, 3", other)
		}
	}
}

func TestStationDoesNotAllocate(t *testing.T) {
	q := newQueueing(sim.Config{}, 3.6, 4, sim.Exponential(1))
	q.waits = make([]float64, 0, 1<<20)
	until := sim.Time(0)
	step := func() {
		until = until.Add(100 * time.Second)
		q.k.Run(until)
	}
	for range 200 {
		step()
	}
	if got := testing.AllocsPerRun(20, step); got > 0.5 {
		t.Errorf("%v allocations in %v", got, 100*time.Second)
	}
}

func TestStationPanicsOnNonsense(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(s *shop){
		"no servers":     func(s *shop) { sim.NewStation(s.k, "none", sim.StationConfig{}) },
		"negative speed": func(s *shop) { s.station.SetSpeed(-1) },
		"speed NaN":      func(s *shop) { s.station.SetSpeed(math.NaN()) },
		"negative work":  func(s *shop) { s.come(1, -1) },
		"unknown client": func(s *shop) { s.station.SubmitWork(sim.Job{To: 99}, 1) },
	} {
		s := newShop(sim.StationConfig{Servers: 1})
		if b := breach(t, func() { do(s) }); b == nil || b.Rule != sim.ValidParameters || !strings.Contains(b.Detail, "station") {
			t.Errorf("%s: %v", name, b)
		}
	}
}
