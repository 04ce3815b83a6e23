package system

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// Live limits what goes live from a side in one transaction. The zero value of
// each field means its default, a negative one that the limit does not bind.
type Live struct {
	Records   int           // a header counts like a line; documented: 1,000 from F&O, none from Dataverse
	Companies int           // documented: 250
	Bytes     int64         // with [Live.RecordBytes] for each; documented: 116.85 MB from Dataverse, none from F&O
	TimeLimit time.Duration // from the moment at which the transaction is held; documented: 120s

	// RecordBytes is what a record costs beside its columns: the request's
	// headers and the record's address; 500, assumed. Each column that is not
	// null adds its name, its value (a lookup 36 bytes, a number 16) and 6 bytes
	// of JSON around them.
	RecordBytes int64
}

func (l Live) withDefaults(side engine.Side) Live {
	documented := engine.DocumentedLimits(side) // where one is zero it does not bind
	fill(&l.Records, cmp.Or(documented.Records, -1))
	fill(&l.Companies, documented.Companies)
	fill(&l.Bytes, cmp.Or(documented.Bytes, -1))
	fill(&l.TimeLimit, documented.Wait)
	fill(&l.RecordBytes, 500)
	return l
}

func fill[T int | int64 | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

func (l Live) faults() (faults []error) {
	if l.TimeLimit < 0 {
		faults = append(faults, fmt.Errorf("the time limit of live transactions must be longer than zero, not %v", l.TimeLimit))
	}
	if l.RecordBytes < 0 {
		faults = append(faults, fmt.Errorf("the size of a record must not be negative, not %d bytes", l.RecordBytes))
	}
	return faults
}

// Limits returns the limits that the capture hook of a side enforces.
func (l Live) Limits() engine.LiveLimits {
	return engine.LiveLimits{Records: max(0, l.Records), Companies: max(0, l.Companies), Bytes: max(0, l.Bytes), Weigh: l.weigh}
}

// LiveRecords returns how many records may go live in one transaction; 0: any
// number.
func (s *System) LiveRecords() int { return s.config.Live.Limits().Records }

// Sizes of what JSON makes of a value, in bytes.
const (
	lookupBytes = 36 // a GUID
	numberBytes = 16
	columnBytes = 6 // quotes, colon, comma
)

// weigh estimates what a record weighs on its way.
func (l Live) weigh(m *engine.TableMap, _ *engine.Key, values []engine.Value) int64 {
	n := l.RecordBytes
	for i := range values {
		v := &values[i]
		if v.Kind == engine.KindNull {
			continue
		}
		n += int64(len(m.Columns[i].Name)) + columnBytes
		switch v.Kind {
		case engine.KindText:
			n += int64(len(v.Text))
		case engine.KindNumber:
			n += numberBytes
		case engine.KindLookup:
			n += lookupBytes
		}
	}
	return n
}

// refusal names the ending of a transaction that the capture hook refused.
func refusal(err error) Ending {
	var limit *engine.LiveLimitError
	var full *engine.PauseLimitError
	switch {
	case errors.As(err, &full):
		return PauseFull
	case errors.As(err, &limit) && limit.What == "records":
		return TooManyRecords
	case errors.As(err, &limit) && limit.What == "bytes":
		return TooManyBytes
	case errors.As(err, &limit):
		return TooManyCompanies
	case errors.Is(err, engine.ErrBusy):
		return Busy
	}
	return Mixed
}
