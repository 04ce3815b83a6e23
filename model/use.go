package model

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Use is how busy a system was from an instant on, until the next one.
type Use struct {
	At    sim.Time
	Share float64 // of its servers' time that was spent on jobs
}

// work is what the servers of both systems had worked at the ends of the stretches
// in which a world is run. Looking at it moves no event.
type work struct {
	at   []sim.Time
	done [2][]time.Duration
}

// note takes in how much has been worked by now.
func (k *work) note(w *World) {
	k.at = append(k.at, w.Kernel.Now())
	for side, s := range w.Systems {
		k.done[side] = append(k.done[side], s.Station().Stats().Work)
	}
}

// useMost is how many stretches are told of; where there are more, several
// become one.
const useMost = 4096

// use tells how busy a side was.
func (k *work) use(side engine.Side, servers int) (list []Use) {
	several := (len(k.at) + useMost - 1) / useMost
	from, before := sim.Time(0), time.Duration(0)
	for i := range k.at {
		if last := i == len(k.at)-1; !last && (i+1)%several != 0 || k.at[i] == from {
			continue
		}
		had := time.Duration(servers) * k.at[i].Sub(from)
		list = append(list, Use{from, float64(k.done[side][i]-before) / float64(had)})
		from, before = k.at[i], k.done[side][i]
	}
	return list
}
