package model

import (
	"fmt"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/oracle"
)

// lasting names the fault that is there for ever and lets nothing through, empty for none.
// And it tells, as [oracle.View] asks it, which one fails all writes of a record; nil where
// every fault ends.
func (w *World) lasting() (bar string, spoils func(*engine.Key, engine.Side, oracle.End) string) {
	if !slices.ContainsFunc(w.config.Faults, func(f Fault) bool { return f.lasts() }) {
		return "", nil
	}
	var there []*Fault
	for _, s := range w.Strikes() { // one that has not come keeps nothing
		f := &w.config.Faults[s.Fault]
		switch {
		case !f.lasts():
		case f.StopsAll() && bar == "":
			bar = f.told()
		default:
			there = append(there, f)
		}
	}
	return bar, func(k *engine.Key, on engine.Side, to oracle.End) string {
		for _, f := range there {
			if f.Side == on && (f.refuses(to) || f.Kind == LockedRecords && w.Systems[on].LockedByOthers(*k)) {
				return f.told()
			}
		}
		return ""
	}
}

// refuses reports whether the fault refuses each write for some end.
func (f *Fault) refuses(to oracle.End) bool {
	return f.Kind == RefusedWrites && f.Share == 1 && to == oracle.Carry
}

// told names a fault that lasts, for people.
func (f *Fault) told() string {
	if f.Kind == EngineCrash || f.Kind == StoreFull {
		return fmt.Sprintf("%v for ever", f.Kind)
	}
	return fmt.Sprintf("%v at %v for ever", f.Kind, f.Side)
}
