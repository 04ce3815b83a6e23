package engine

import (
	"fmt"
	"math"
	"time"
)

// SettingError is one fault of a [Config] or of a [TableMap]: a number or a choice
// that there cannot be.
type SettingError struct {
	Of      string // table map customers, or its column; empty when it is about the engine as a whole
	Setting string // in words
	Must    string // be at least 1
	Has     string
}

// Error names the place, what must be there and what is.
func (e *SettingError) Error() string {
	if e.Of != "" {
		return fmt.Sprintf("engine: %s: %s must %s, not %s", e.Of, e.Setting, e.Must, e.Has)
	}
	return fmt.Sprintf("engine: %s must %s, not %s", e.Setting, e.Must, e.Has)
}

// settings collects the faults of one thing.
type settings struct {
	of     string
	faults []error
}

func (s *settings) fault(setting, must string, has any) {
	s.faults = append(s.faults, &SettingError{Of: s.of, Setting: setting, Must: must, Has: fmt.Sprint(has)})
}

// number takes what is from 1 to most.
func (s *settings) number(setting string, n, most int64) {
	switch {
	case most == math.MaxInt64 && n < 1:
		s.fault(setting, "be at least 1", n)
	case n < 1 || n > most:
		s.fault(setting, fmt.Sprintf("be from 1 to %d", most), n)
	}
}

func (s *settings) positive(setting string, n int) { s.number(setting, int64(n), math.MaxInt64) }

func (s *settings) span(setting string, d time.Duration) {
	if d <= 0 {
		s.fault(setting, "be longer than zero", d)
	}
}

// choice takes one of a list that ends with last.
func (s *settings) choice(setting, list string, n, last uint8) {
	if n > last {
		s.fault(setting, "be "+list, n)
	}
}

// validateSettings reports the numbers of a configuration that cannot be.
func (c Config) validateSettings() []error {
	var s settings
	s.positive("workers", c.Workers)
	s.positive("batch", c.Batch)
	s.positive("references per pull", c.PullMax)
	s.positive("references held at once", c.QueueMax)
	s.positive("attempts", c.Attempts)
	s.positive("records per chunk of initial sync", c.InitialChunk)
	s.positive("records per leg of initial sync", c.InitialRows)
	s.number("lookups of a table map that is exported", int64(c.Lookups), LookupsMax)
	s.positive("failures that trip the breaker", c.TripAfter)
	s.number("requests of operators that wait in a job", int64(c.DeskRequests), DeskRequestsMax)
	s.number("records of an operator's request", int64(c.DeskRecords), DeskRecordsMax)
	s.positive("items of a request in one step", c.DeskPart)
	s.positive("answers in a row", c.AnswersMax)
	s.number("bytes that a pause queues up", c.PauseSize, math.MaxInt64)
	s.span("the first back-off", c.RetryBase)
	s.span("the longest back-off", c.RetryCap)
	s.span("the poll interval", c.Poll)
	s.span("the probe interval", c.Probe)
	s.span("the wait of a live transaction for a lock", c.LockWait)
	s.span("the life of a write", c.WriteLife)
	s.span("the longest pause", c.PauseAge)
	s.span("the time that catch-up errors are kept", c.PurgeAfter)
	if !(c.RetryTimes >= 1) || math.IsInf(c.RetryTimes, 1) {
		s.fault("the back-off factor", "be at least 1, and a number", c.RetryTimes)
	}
	return s.faults
}

// choices reports what a table map declares that there is not.
func (m *TableMap) choices() []error {
	s := settings{of: "table map " + m.Name}
	s.choice("the mode", "stopped, async or live", uint8(m.Mode), uint8(Live))
	s.choice("the primary side", "finops or dataverse", uint8(m.Primary), uint8(Dataverse))
	s.choice("the granularity", "record or field", uint8(m.Granularity), uint8(PerField))
	s.choice("what becomes of unlinked records", "carry or primary", uint8(m.Unlinked), uint8(UnlinkedPrimary))
	s.choice("what becomes of records that leave", "leave or delete", uint8(m.OnLeave), uint8(LeaveDelete))
	for _, side := range Sides {
		s.choice("the scope on "+side.String(), "that of the map, global or company-specific", uint8(m.Scopes[side]), uint8(CompanySpecific))
	}
	for i := range m.Columns {
		s.of = fmt.Sprintf("table map %s, column %s", m.Name, m.Columns[i].Name)
		s.choice("the flow", "both, to-dataverse or to-finops", uint8(m.Columns[i].Flow), uint8(ToFinOps))
	}
	return s.faults
}
