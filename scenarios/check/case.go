package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// CaseSchema is the first line of a case file. Another number means that old
// files would be read wrongly.
const CaseSchema = "twinwrite/case/v1"

// Case is one test case, as data: who edits what and when, what breaks, and how
// the world is set up. It says everything that a world needs but the table maps,
// which belong to its [Subject]. What a case leaves open, such as the latency of
// one message, is drawn from Seed by the key of the thing itself, so that taking
// a transaction out moves nothing else.
type Case struct {
	Schema       string        `json:"schema"`
	Subject      string        `json:"subject"`
	Seed         uint64        `json:"seed"`
	Setup        Setup         `json:"setup"`
	Transactions []Transaction `json:"transactions"`
	Faults       []Fault       `json:"faults,omitempty"`
	Operations   []Operation   `json:"operations,omitempty"`
}

// Edits counts the edits of all transactions: the size of a case.
func (c *Case) Edits() int {
	n := 0
	for i := range c.Transactions {
		n += len(c.Transactions[i].Edits)
	}
	return n
}

// passesHook reports whether anything goes past the capture hook.
func (c *Case) passesHook() bool {
	return slices.ContainsFunc(c.Transactions, func(t Transaction) bool { return t.PastHook })
}

// dismisses reports whether an operator dismisses anything.
func (c *Case) dismisses() bool {
	return slices.ContainsFunc(c.Operations, func(o Operation) bool { return o.What == "dismiss" })
}

// Clone returns a copy that shares nothing that [Shrink] changes.
func (c *Case) Clone() *Case {
	d := *c
	d.Setup.Maps = slices.Clone(c.Setup.Maps)
	d.Setup.Live = slices.Clone(c.Setup.Live)
	d.Setup.Validations = slices.Clone(c.Setup.Validations)
	d.Setup.Unique = slices.Clone(c.Setup.Unique)
	d.Faults = slices.Clone(c.Faults)
	d.Operations = slices.Clone(c.Operations)
	d.Transactions = slices.Clone(c.Transactions)
	for i := range d.Transactions {
		t := &d.Transactions[i]
		t.Edits = slices.Clone(t.Edits)
		for j := range t.Edits {
			t.Edits[j].Set = slices.Clone(t.Edits[j].Set)
		}
	}
	return &d
}

// Setup is how the world of a case is set up. Zero values are the defaults, and
// shrinking leads back to them.
type Setup struct {
	Maps         []string     `json:"maps"`           // of the subject; lookups into others are left empty
	Live         []string     `json:"live,omitempty"` // those of them that are in live mode
	Primary      SideName     `json:"primary,omitempty"`
	PerField     bool         `json:"per-field,omitempty"`
	Permuted     bool         `json:"permuted,omitempty"` // what happens at one instant comes in an order drawn from the seed
	Workers      int          `json:"workers,omitempty"`
	Batch        int          `json:"batch,omitempty"`
	Pull         int          `json:"pull,omitempty"`  // references per pull
	Queue        int          `json:"queue,omitempty"` // references of one side that are held at once; 0: 100,000
	Attempts     int          `json:"attempts,omitempty"`
	Barrier      bool         `json:"barrier,omitempty"`
	Proceed      bool         `json:"proceed,omitempty"`
	DeleteWins   bool         `json:"delete-wins,omitempty"`
	Unlinked     bool         `json:"unlinked-primary,omitempty"` // what is older than the sync counts as changed
	LeaveDelete  bool         `json:"leave-deletes,omitempty"`    // what leaves the scope is deleted on the other side
	Unique       []string     `json:"unique,omitempty"`           // columns no two records may share a value of, as map.column
	Chunk        int          `json:"chunk,omitempty"`            // records that an initial sync lists at once
	CopyRows     int          `json:"copy-rows,omitempty"`        // ... and carries at most from a side; 0: 500,000
	CopyLookups  int          `json:"copy-lookups,omitempty"`     // ... of a table map, that it exports from Dataverse at most; 0: 10
	DeskPart     int          `json:"desk-part,omitempty"`        // items of an operator's request that are worked off at once
	DeskRequests int          `json:"desk-requests,omitempty"`    // requests that wait at most; 0: 5
	DeskRecords  int          `json:"desk-records,omitempty"`     // items of one at most; 0: 10,000
	PurgeAfter   Span         `json:"purge-after,omitempty"`      // how long the error desk keeps what a resume has put there
	PauseAge     Span         `json:"pause-age,omitempty"`        // how long a paused job queues up changes; 0: for a day
	PauseSize    int          `json:"pause-size,omitempty"`       // ... of how many bytes; 0: 1 GB, a thousand million
	Timeout      Span         `json:"timeout,omitempty"`          // of the engine's requests; half of it is the life of a write
	AlertCount   int          `json:"alert-count,omitempty"`      // failures of which people are told; 0: nobody is
	AlertWithin  Span         `json:"alert-within,omitempty"`     // ... that come within so long; 0: 15m
	FinOps       SystemSetup  `json:"finops,omitzero"`
	Dataverse    SystemSetup  `json:"dataverse,omitzero"`
	Validations  []Validation `json:"validations,omitempty"`
}

// System returns the setup of a side.
func (s *Setup) System(side engine.Side) *SystemSetup {
	if side == engine.FinOps {
		return &s.FinOps
	}
	return &s.Dataverse
}

// SystemSetup is how one system and its link behave.
type SystemSetup struct {
	Servers   int  `json:"servers,omitempty"` // 8 by default
	Offset    Span `json:"clock-offset,omitempty"`
	DriftPPM  int  `json:"clock-drift-ppm,omitempty"`
	Commit    Span `json:"commit,omitempty"`  // mean of a user's transaction, exponential; 40ms, the same each time, by default
	Latency   Span `json:"latency,omitempty"` // mean of the link, exponential; 10ms, the same each time, by default
	Loss      int  `json:"loss-permille,omitempty"`
	Lost      int  `json:"notifications-lost-percent,omitempty"`
	Doubled   int  `json:"notifications-doubled-percent,omitempty"`
	FoldCase  bool `json:"fold-case,omitempty"`
	Overwrite bool `json:"overwrite-stale,omitempty"` // a stale save wins; else it is refused

	// Limits, scaled down so that small cases meet them; 0: none.
	Requests    int  `json:"requests-per-10s,omitempty"`  // of the engine
	Concurrent  int  `json:"requests-at-once,omitempty"`  // ... under way
	Execution   Span `json:"execution-per-10s,omitempty"` // ... that they take
	Message     Span `json:"message-time,omitempty"`      // that one record's write may take
	Records     int  `json:"message-records,omitempty"`   // that one request may write; 0: 1,000 on Dataverse
	LiveRecords int  `json:"live-records,omitempty"`      // of a transaction
	Companies   int  `json:"live-companies,omitempty"`    // ... that its records belong to
	LiveBytes   int  `json:"live-bytes,omitempty"`        // ... that they weigh
	LiveTime    Span `json:"live-time,omitempty"`         // ... for which it is held
	TakeAll     bool `json:"deletes-take-all,omitempty"`  // a transaction with a delete goes live as a whole
	Hides       bool `json:"hides,omitempty"`             // what a live delete of the other side takes away is hidden until that has ended
}

// Validation refuses a share of the writes of one map on one side.
type Validation struct {
	Map     string   `json:"map"`
	Side    SideName `json:"side"`
	Percent int      `json:"percent"`
}

// Transaction is what one user commits at once.
type Transaction struct {
	At      Span     `json:"at"` // when he opens the records
	Side    SideName `json:"side"`
	OpenFor Span     `json:"open-for,omitempty"` // until he saves

	PastHook bool   `json:"past-hook,omitempty"` // no capture hook sees it
	Edits    []Edit `json:"edits"`
}

// Edit is one operation on one record.
type Edit struct {
	Op      string  `json:"op"` // create, update, upsert or delete
	Map     string  `json:"map"`
	Company string  `json:"company,omitempty"`
	Key     string  `json:"key"`
	Set     []Value `json:"set,omitempty"`
}

// Value is what an edit writes into one column: text, a whole number in a column
// of numbers, the key of a record in a lookup; empty for null.
type Value struct {
	Column string `json:"column"`
	To     string `json:"to"`
}

// Fault is something that breaks; see the kinds in package model.
type Fault struct {
	Kind    string   `json:"kind"` // "engine-crash"
	At      Span     `json:"at"`
	For     Span     `json:"for,omitempty"`
	ForEver bool     `json:"for-ever,omitempty"` // it never ends; a process that has died stays dead
	Side    SideName `json:"side,omitempty"`
	Factor  int      `json:"factor,omitempty"`
	Percent int      `json:"percent,omitempty"`
	By      Span     `json:"by,omitempty"`
	Point   string   `json:"point,omitempty"`
	Map     string   `json:"map,omitempty"`     // whose codes are missing, or whose record's tombstone expires
	Company string   `json:"company,omitempty"` // ... of that record
	Key     string   `json:"key,omitempty"`
	Column  string   `json:"column,omitempty"` // of codes that are missing
	Code    string   `json:"code,omitempty"`   // ... that of F&O; all, where there is none
	Restart Span     `json:"restart,omitempty"`
}

// Operation is what an operator asks for.
type Operation struct {
	At      Span   `json:"at"`
	What    string `json:"what"`              // one of [commands]
	Map     string `json:"map,omitempty"`     // of a retry or dismissal: whose items; empty: those of all
	Company string `json:"company,omitempty"` // ... and of which company; empty: of all
}

// Span is a duration that a file writes as "1.5s".
type Span time.Duration

// MarshalText implements [encoding.TextMarshaler].
func (s Span) MarshalText() ([]byte, error) { return []byte(time.Duration(s).String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *Span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*s = Span(d)
	return err
}

// String returns the span as a file writes it.
func (s Span) String() string { return time.Duration(s).String() }

// SideName is a side that a file writes by its name.
type SideName engine.Side

// MarshalText implements [encoding.TextMarshaler].
func (s SideName) MarshalText() ([]byte, error) { return []byte(engine.Side(s).String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *SideName) UnmarshalText(text []byte) error {
	for _, side := range engine.Sides {
		if side.String() == string(text) {
			*s = SideName(side)
			return nil
		}
	}
	return fmt.Errorf("%q is no side: finops or dataverse", text)
}

// Encode returns the case as a case file.
func (c *Case) Encode() []byte {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		panic(fmt.Errorf("encode case: %w", err)) // it is plain data
	}
	return append(text, '\n')
}

// Hash names the case by its content: 8 hexadecimal digits.
func (c *Case) Hash() string {
	return fmt.Sprintf("%08x", uint32(sim.Hash(string(c.Encode()))>>32))
}

// DecodeCase reads a case file. What it does not know is an error: a case that
// is read in part would show something else than the one that was written. Of a
// text that is no case file the error says so, with line and column where it is
// no JSON.
func DecodeCase(text []byte) (*Case, error) {
	var head struct {
		Schema string `json:"schema"`
	}
	switch err := json.Unmarshal(text, &head); {
	case err != nil:
		return nil, fmt.Errorf("no case file%s: %w", where(text, err), err)
	case head.Schema == "":
		return nil, errors.New("no case file: it names no schema")
	case head.Schema != CaseSchema:
		return nil, fmt.Errorf("read case: its schema is %q, and this program reads %q: it is a case of another version", head.Schema, CaseSchema)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var c Case
	if err := d.Decode(&c); err != nil {
		return nil, fmt.Errorf("read case%s: %w", where(text, err), err)
	}
	return &c, nil
}

// where tells the line and column, in bytes, at which a text is not what it should be;
// nothing where json does not say.
func where(text []byte, err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var read int64 // up to and with what is wrong
	switch {
	case errors.As(err, &syntax):
		read = syntax.Offset
	case errors.As(err, &kind):
		read = kind.Offset
	default:
		return ""
	}
	before := text[:max(0, min(int(read), len(text))-1)]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Sprintf(" (line %d, column %d)", line, column)
}
