package system

import (
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// Message limits what one record may be on a side when the engine brings it. The
// zero value of each field means its default.
type Message struct {
	// Limit ends a record's write that takes longer, its plug-ins included: it is
	// undone, and the engine is told so. Documented: 120s on Dataverse, none on
	// F&O. Negative: none.
	Limit time.Duration

	// Batch is how many records a request may write. Documented: 1,000 on
	// Dataverse, none on F&O. Negative: any number.
	Batch int

	// RefusedInKeys are the characters by which the engine cannot address a
	// record. Documented: /<>*%&:\?+ on Dataverse, none on F&O.
	RefusedInKeys string
	AnyKey        bool // no character is refused
}

func (m Message) withDefaults(side engine.Side) Message {
	limit, batch, refused := time.Duration(-1), -1, ""
	if side == engine.Dataverse {
		limit, batch, refused = 120*time.Second, 1000, `/<>*%&:\?+`
	}
	fill(&m.Limit, limit)
	fill(&m.Batch, batch)
	switch {
	case m.AnyKey:
		m.RefusedInKeys = ""
	case m.RefusedInKeys == "":
		m.RefusedInKeys = refused
	}
	return m
}

// What a system says to what is over a limit of its messages.
const (
	CauseTooLong  = "TimeoutException: the operation took longer than the limit of a message, plug-ins included"
	CauseTooMany  = "the batch has more operations than the limit"
	causeBadInKey = "the key holds a character by which the record cannot be addressed"
)

// overMessage returns what is to be said against a row of the engine as a
// message.
func (s *System) overMessage(r *Request, i int) (cause string, over bool) {
	m := &s.config.Message
	w := &r.writes[i]
	switch {
	case w.Kind != engine.CarryWrite && w.Kind != engine.DeleteWrite:
		return "", false
	case m.Batch > 0 && len(r.writes) > m.Batch:
		return CauseTooMany, true
	case m.Limit > 0 && w.Kind == engine.CarryWrite && s.slowed(r.works[i]) > m.Limit:
		return CauseTooLong, true
	case m.RefusedInKeys != "" && strings.ContainsAny(w.Key.ID, m.RefusedInKeys):
		return causeBadInKey, true
	}
	return "", false
}

// slowed returns how long work takes at the station's present speed.
func (s *System) slowed(work time.Duration) time.Duration {
	if speed := s.station.Speed(); speed > 0 && speed != 1 {
		return time.Duration(float64(work) / speed)
	}
	return work
}
