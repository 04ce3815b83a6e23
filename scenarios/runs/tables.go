package runs

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/scenarios"
)

// Tables declares the table maps of a scenario as the engine takes them, in the
// scenario's order, for those who run other worlds with them.
func Tables(s *scenarios.Scenario) []engine.TableMap {
	declared := make([]engine.TableMap, len(s.Maps))
	for i := range s.Maps {
		declared[i] = tableMap(s, i)
	}
	engine.MarkCircular(declared)
	return declared
}
