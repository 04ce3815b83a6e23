package main

import "github.com/twinwrite/twinwrite/sim"

// queueModel is customers who come at random to a station, wait, are served and
// leave: M/M/c.
type queueModel struct {
	k       *sim.Kernel
	self    sim.ActorID
	station *sim.Station
	gap     sim.Dist
	arrival sim.Stream
	came    uint64
	limit   uint64 // customers after whom the run stops
	gone    uint64
}

const (
	comes sim.Kind = iota
	leaves
)

// newQueue returns a station of some servers with customers who come at a rate
// per second and need so many seconds each, on average.
func newQueue(servers int, rate, service float64) *queueModel {
	k := sim.New(sim.Config{Seed: 1})
	q := &queueModel{k: k, gap: sim.Exponential(1 / rate), arrival: k.Stream("arrival")}
	q.self = k.Register("customers", q)
	q.station = sim.NewStation(k, "station", sim.StationConfig{
		Servers: servers,
		Service: sim.Exponential(service),
		Stream:  k.Stream("service"),
	})
	q.next()
	return q
}

// next lets the next customer come.
func (q *queueModel) next() {
	q.k.After(sim.Draw(q.gap, q.arrival, 0, q.came), sim.Normal, q.self, comes, q.came, 0)
	q.came++
}

// Handle moves one customer on.
func (q *queueModel) Handle(ev sim.Event) {
	switch ev.Kind {
	case comes:
		q.next()
		q.station.Submit(sim.Job{Entity: ev.Entity, To: q.self, Kind: leaves})
	case leaves:
		if q.gone++; q.gone == q.limit {
			q.k.Stop()
		}
	}
}

// serve runs until that many further customers have left.
func (q *queueModel) serve(customers uint64) {
	q.limit = q.gone + customers
	q.k.Run(sim.Forever)
}
