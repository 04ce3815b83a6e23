package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// LiveLimits are the documented limits of live sync for one transaction.
type LiveLimits struct {
	Records   int           // a header counts like any of its lines; 1,000 from F&O
	Companies int           // 250
	Bytes     int64         // that its records weigh; 116.85 MB from Dataverse
	Wait      time.Duration // how long its user waits; 120s. It is the system's to keep, which holds the transaction

	// Weigh tells what a record weighs on its way, in bytes; nil: as [Reference.Size]
	// does, without what a request has around it.
	Weigh func(m *TableMap, k *Key, values []Value) int64
}

// DocumentedLimits returns the limits of what goes live from a side, as the
// product's documentation gives them.
func DocumentedLimits(side Side) LiveLimits {
	limits := LiveLimits{Companies: 250, Wait: 120 * time.Second}
	if side == FinOps {
		limits.Records = 1000
	} else {
		limits.Bytes = 116_850_000
	}
	return limits
}

// LiveLimitError refuses a transaction that is too large to go live.
type LiveLimitError struct {
	What      string // "records", "companies" or "bytes"
	Has, Most int
}

// Error names the limit and what to do.
func (e *LiveLimitError) Error() string {
	return fmt.Sprintf("engine: the transaction would write %d %s live, and the limit is %d: split it, or put its table maps in async mode", e.Has, e.What, e.Most)
}

// ErrBusy refuses a create of a key whose delete on the other side has not
// ended yet.
var ErrBusy = errors.New("engine: the record is being deleted on the other side; try again")

// MixedTransactionError refuses a transaction that touches table maps of both
// modes.
type MixedTransactionError struct {
	Async, Live []string // the maps' names, sorted
}

// Error names every table map on each side of the mix.
func (e *MixedTransactionError) Error() string {
	return fmt.Sprintf("engine: the transaction mixes async table maps (%s) with live ones (%s); put them in one mode, or split the transaction",
		strings.Join(e.Async, ", "), strings.Join(e.Live, ", "))
}

// Change is what one transaction does to one record, several operations of
// the transaction folded into one: see [Change.Then].
type Change struct {
	Key    Key
	Op     Operation
	Before *Record // as the transaction found it; nil when the side has never held the key
	After  []Value // as the transaction leaves it; nil for a delete
	Room   *Record // where it will be published, made by [TableMap.Room]: its mark's groups are used; nil: they are made
}

// Then folds the transaction's next operation on the record into its change, which
// begins with Key and Before alone. It reports false, and changes nothing, when a
// record is created that is there, or another operation meets one that is not.
// A record that is deleted and made anew at once was never gone for anybody else: it
// is updated, and lives on.
func (c *Change) Then(op Operation, after []Value) bool {
	there := c.After != nil || c.Op != Delete && c.existed()
	if there == (op == Create) {
		return false
	}
	switch {
	case op == Delete:
		after = nil
	case c.existed():
		op = Update
	default:
		op = Create
	}
	c.Op, c.After = op, after
	return true
}

// groups makes those of the mark that the change commits, after an old one.
func (c *Change) groups(m *TableMap, old *Mark) []GroupMark {
	if c.Room == nil {
		return m.renewed(old, c.After)
	}
	return m.renewedIn(c.Room.Mark.Groups, old, c.After)
}

// Void reports whether the transaction created the record and deleted it again:
// there is nothing to commit of it.
func (c *Change) Void() bool { return c.Op == Delete && !c.existed() }

func (c *Change) existed() bool { return c.Before != nil && c.Before.Alive }

// CapturedChange is what the hook adds to the commit for one [Change].
type CapturedChange struct {
	Mark      Mark      // to be written beside the record
	Filtered  bool      // nothing to capture: no running map has the record in its scope, before or after
	Captured  bool      // Reference is to be written to the outbox
	Live      bool      // the change must be on the other side before the transaction commits: see [LiveRequested]
	Reference Reference // its Position is the outbox's to give

	// Left is the tombstone that the other side gets of a record that stays where it
	// is, but has left the scope ([LeaveDelete]); nil for all others.
	Left *Mark
}

// LiveRow makes the row of a change that must go live. After is the record as the
// transaction will leave it.
func (c *CapturedChange) LiveRow(change *Change, after *Record) LiveRow {
	row := LiveRow{Key: change.Key, Op: change.Op, Before: change.Before, After: after}
	if c.Left != nil {
		row.Op, row.After = Delete, &Record{Key: after.Key, Version: after.Version, Mark: *c.Left, Trace: after.Trace}
	}
	return row
}

// Capture is the pre-commit hook of one side. It runs inside the user's
// transaction, sees it whole, and touches nothing but that side.
type Capture struct {
	side     Side
	maps     []*TableMap
	bugs     planted
	switches []captureSwitch // by map; see [Capture.Switch]
	needed   []Key           // by the change before, in the same transaction
	looked   []Key           // scratch

	// Limits of what goes live from this side; a zero limit does not bind.
	Limits LiveLimits
	// DeletesTakeAll sends the whole transaction live when it has a delete;
	// else only the delete goes live and the rest stays async.
	DeletesTakeAll bool
}

// NewCapture returns the hook of a side. A nil failpoints plants nothing.
func NewCapture(side Side, maps []*TableMap, failpoints Failpoints) *Capture {
	return &Capture{side: side, maps: maps, bugs: plantedIn(failpoints), switches: make([]captureSwitch, len(maps))}
}

// PreCommit judges a transaction before it commits and appends to dst, for
// each change in order, the mark and the reference that must commit with it.
// On an error nothing may be written.
func (c *Capture) PreCommit(dst []CapturedChange, tx TxID, changes []Change) ([]CapturedChange, error) {
	if err := c.refuse(changes); err != nil {
		return dst, err
	}
	c.needed = nil
	ordinal := uint32(0)
	all := c.DeletesTakeAll && c.deletes(changes)
	begin := len(dst)
	for i := range changes {
		captured := c.capture(tx, ordinal, &changes[i], all)
		if captured.Captured {
			ordinal++
		}
		dst = append(dst, captured)
	}
	if err := c.notFull(dst[begin:]); err != nil {
		return dst, err
	}
	return dst, c.fits(changes, dst[begin:])
}

// deletes reports whether a transaction deletes a record that it must carry.
func (c *Capture) deletes(changes []Change) bool {
	for i := range changes {
		if m := c.maps[changes[i].Key.Map]; c.mode(m) != Stopped && (changes[i].Op == Delete && c.holds(m, &changes[i]) || c.leaves(m, &changes[i])) {
			return true
		}
	}
	return false
}

// fits refuses a transaction that is over a limit of live sync.
func (c *Capture) fits(changes []Change, captured []CapturedChange) error {
	records, bytes := 0, int64(0)
	var companies []string
	for i := range captured {
		if !captured[i].Live {
			continue
		}
		records++
		if company := changes[i].Key.Company; company != "" && !slices.Contains(companies, company) {
			companies = append(companies, company)
		}
		if c.Limits.Bytes > 0 {
			bytes += c.Limits.weigh(c.maps[changes[i].Key.Map], &changes[i])
		}
	}
	switch {
	case c.Limits.Records > 0 && records > c.Limits.Records:
		return &LiveLimitError{What: "records", Has: records, Most: c.Limits.Records}
	case c.Limits.Companies > 0 && len(companies) > c.Limits.Companies:
		return &LiveLimitError{What: "companies", Has: len(companies), Most: c.Limits.Companies}
	case c.Limits.Bytes > 0 && bytes > c.Limits.Bytes:
		return &LiveLimitError{What: "bytes", Has: int(bytes), Most: int(c.Limits.Bytes)}
	}
	return nil
}

// weigh tells what a change weighs on its way.
func (l *LiveLimits) weigh(m *TableMap, change *Change) int64 {
	if l.Weigh == nil {
		return int64(sizeOf(&change.Key, change.After))
	}
	return l.Weigh(m, &change.Key, change.After)
}

// OwnWrite judges a commit of the engine's own session that changes before, which
// may be nil, into after. Its origin tag lets it pass uncaptured, and OwnWrite
// returns nil. Only where a failpoint has switched that layer off does it return
// a reference, to be appended to the outbox in the same transaction, and perhaps
// move the mark of after.
func (c *Capture) OwnWrite(before, after *Record) *Reference {
	if c.bugs.points == nil || !after.Alive {
		return nil
	}
	m := c.maps[after.Key.Map]
	if after.Mark.Number > 0 && c.bugs.hit(LoopTagOff) {
		return &Reference{
			Key: *after.Key, Side: c.side, Incarnation: after.Mark.Incarnation, Number: after.Mark.Number,
			Groups: m.outgoing(c.side), Op: Update,
		}
	}
	if !c.bugs.hit(PlantNoLoopbackControl) && !c.bugs.hit(LoopTagBlind) {
		return nil
	}
	found := Record{Key: after.Key, Mark: after.Mark}
	if before != nil && before.Alive {
		found.Alive, found.Values = true, before.Values
	}
	captured := c.capture(0, 0, &Change{Key: *after.Key, Op: Update, Before: &found, After: after.Values}, false)
	if !captured.Captured {
		return nil
	}
	after.Mark = captured.Mark
	return &captured.Reference
}

// refuse rejects what may not be committed at all.
func (c *Capture) refuse(changes []Change) error {
	var modes [Live + 1]bool
	for i := range changes {
		if id := changes[i].Key.Map; int(id) >= len(c.maps) {
			return fmt.Errorf("engine: the transaction changes a record of table map %d: %w", id, ErrUnknownMap)
		}
		m := c.maps[changes[i].Key.Map]
		if b := changes[i].Before; c.mode(m) != Stopped && b != nil && b.Mark.Dead && b.Mark.Intent != 0 {
			return fmt.Errorf("%w: %s", ErrBusy, m.Named(&changes[i].Key))
		}
		mode := c.mode(m)
		modes[mode] = modes[mode] || c.concerns(m, &changes[i])
	}
	if modes[Async] && modes[Live] && !c.bugs.hit(PlantMixedPasses) {
		return &MixedTransactionError{Async: c.names(Async, changes), Live: c.names(Live, changes)}
	}
	return nil
}

// names lists the maps of a mode that a transaction touches, sorted.
func (c *Capture) names(mode Mode, changes []Change) (names []string) {
	for i := range changes {
		m := c.maps[changes[i].Key.Map]
		if c.mode(m) == mode && c.concerns(m, &changes[i]) && !slices.Contains(names, m.Name) {
			names = append(names, m.Name)
		}
	}
	slices.Sort(names)
	return names
}

// concerns reports whether a change is a create or update of a record that is in
// the map's scope before or after it. A delete, on the other side at least, always
// goes live, whatever the other changes of its transaction do.
func (c *Capture) concerns(m *TableMap, change *Change) bool {
	return change.Op != Delete && c.mode(m) != Stopped && !c.leaves(m, change) && (c.holds(m, change) || m.InScope(c.side, change.Key, change.After))
}

// holds reports whether the record was there and in the map's scope before.
func (c *Capture) holds(m *TableMap, change *Change) bool {
	return change.Before != nil && change.Before.Alive && m.InScope(c.side, change.Key, change.Before.Values)
}

// leaves reports whether a change takes a record out of scope whose counterpart must
// then be deleted.
func (c *Capture) leaves(m *TableMap, change *Change) bool {
	return m.OnLeave == LeaveDelete && change.Op != Delete && c.holds(m, change) && !m.InScope(c.side, change.Key, change.After)
}

// capture moves the mark of one changed record and makes its reference. A
// change that touches no mapped column moves nothing, and neither does one that
// begins and ends out of the map's scope: what it leaves behind is captured
// when the record enters. One that takes the record in or out is captured
// whatever it touches, because the other side may have waited for it. From a side from
// which nothing flows nothing is captured but deletes.
func (c *Capture) capture(tx TxID, ordinal uint32, change *Change, live bool) CapturedChange {
	m := c.maps[change.Key.Map]
	var before []Value
	var old Mark
	if change.Before != nil {
		old = change.Before.Mark
		if change.Before.Alive {
			before = change.Before.Values
		}
	}
	if c.mode(m) == Stopped {
		return CapturedChange{Mark: old, Filtered: true}
	}
	if change.Op == Delete {
		return c.tombstone(m, change, old)
	}
	if old.Dead { // the key begins another life, whether or not it is captured
		old = m.nextLife(&old)
	}
	if c.leaves(m, change) {
		return c.leave(m, change, old)
	}
	was := c.holds(m, change)
	is := m.InScope(c.side, change.Key, change.After)
	if !was && !is || m.outgoing(c.side) == 0 {
		return CapturedChange{Mark: old, Filtered: true}
	}
	touched := m.touched(before, change.After)
	if c.bugs.points != nil {
		touched = c.mistaken(m, touched, before, change.After)
	}
	entered := before != nil && !was
	if entered { // what was done and undone out of scope is no change
		touched = m.edited(&old, change.After)
	}
	touched &= m.outgoing(c.side)
	if touched == 0 && was == is {
		return CapturedChange{Mark: old}
	}
	if touched != 0 && old.Incarnation == 0 { // older than the sync: captured whole
		touched = m.outgoing(c.side)
	}
	live = live || m.Mode == Live
	if live {
		touched |= c.beside(m, touched, &old, change.After)
	}
	mark := Mark{
		Incarnation: max(old.Incarnation, 1),
		Number:      old.Number + 1,
		Intent:      old.Intent,
		Hidden:      old.Hidden,
		MapVersion:  m.Version,
		Groups:      change.groups(m, &old),
		Past:        old.Past,
	}
	for g := range mark.Groups {
		if touched.Has(g) {
			mark.Groups[g].Own = mark.Number
			mark.Groups[g].Fingerprint = m.fingerprint(g, change.After)
		}
	}
	op := Update
	if before == nil || entered && mark.Number == 1 {
		op = Create
	}
	if live {
		return CapturedChange{Mark: mark, Live: true}
	}
	return CapturedChange{
		Mark:     mark,
		Captured: true,
		Reference: Reference{
			Key: change.Key, Side: c.side,
			Incarnation: mark.Incarnation, Number: mark.Number,
			Groups: touched, Op: op, Tx: tx, Ordinal: ordinal,
			Needs:  c.needs(m, change),
			Values: m.values(c.side, &change.Key, before, change.After),
			Size:   sizeOf(&change.Key, change.After),
		},
	}
}

// beside returns the groups in which something had gone past the hook before a change
// that goes live: nobody will look for it once both sides have the change, so that it
// goes with it.
func (c *Capture) beside(m *TableMap, touched GroupSet, old *Mark, after []Value) (s GroupSet) {
	out := m.outgoing(c.side)
	if touched == out || touched == 0 || old.Incarnation == 0 || old.MapVersion != m.Version || len(old.Groups) != len(m.groups) || c.bugs.hit(PlantLiveUnlooked) {
		return 0
	}
	for g := range m.groups {
		if (out &^ touched).Has(g) && old.Groups[g].Fingerprint != m.fingerprint(g, after) {
			s = s.With(g)
		}
	}
	return s
}

// mistaken is what planted bugs make of the groups that a change touched.
func (c *Capture) mistaken(m *TableMap, touched GroupSet, before, after []Value) GroupSet {
	if touched == 0 && c.bugs.hit(PlantUnmappedCounts) {
		return m.outgoing(c.side)
	}
	if touched == 0 || before == nil || !c.bugs.hit(PlantNullIsNoChange) {
		return touched
	}
	for i := range after {
		if after[i].Kind != KindNull && !m.same(i, &before[i], &after[i]) {
			return touched
		}
	}
	return 0
}

// tombstone is what a delete leaves of a record. It must be on the other side,
// too, before the transaction commits. A record that is out of scope leaves none:
// the other side's, which is in scope, may come back with its next change.
func (c *Capture) tombstone(m *TableMap, change *Change, old Mark) CapturedChange {
	if change.Before == nil || !change.Before.Alive {
		return CapturedChange{Mark: old}
	}
	if !c.holds(m, change) {
		return CapturedChange{Mark: old, Filtered: true}
	}
	dead := Mark{
		Incarnation: max(old.Incarnation, 1), Number: old.Number, Dead: true, MapVersion: m.Version,
		Groups: make([]GroupMark, len(m.groups)), Past: old.Past,
	}
	copy(dead.Groups, old.Groups)
	if c.bugs.hit(PlantDeleteQueued) {
		return CapturedChange{Mark: dead, Captured: true, Reference: Reference{
			Key: change.Key, Side: c.side, Incarnation: dead.Incarnation, Number: dead.Number + 1, Groups: m.outgoing(c.side), Op: Delete,
		}}
	}
	return CapturedChange{Mark: dead, Live: true}
}

// leave ends the life of a record on the other side, and begins another one here.
func (c *Capture) leave(m *TableMap, change *Change, old Mark) CapturedChange {
	left := c.tombstone(m, change, old)
	dead := left.Mark
	left.Mark, left.Left = m.nextLife(&dead), &dead
	return left
}

// nextLife returns the mark with which a key lives again after a tombstone.
func (m *TableMap) nextLife(dead *Mark) Mark {
	return Mark{
		Incarnation: dead.Incarnation + 1, MapVersion: m.Version, Groups: make([]GroupMark, len(m.groups)),
		Past: dead.past(0, dead.Past),
	}
}

// edited returns the groups that have changed since the mark was made: while
// the record was out of scope. Where that cannot be told, it is all of them: a
// needless conflict does less harm than an edit that is overwritten unseen.
func (m *TableMap) edited(old *Mark, after []Value) GroupSet {
	edited := GroupSet(0)
	for g := range m.groups {
		if old.Incarnation == 0 || old.MapVersion != m.Version || old.Groups[g].Fingerprint != m.fingerprint(g, after) {
			edited = edited.With(g)
		}
	}
	return edited
}

// needs lists the distinct records that a changed one looks up. The lines of a
// document share one list.
func (c *Capture) needs(m *TableMap, change *Change) []Key {
	if len(m.lookups) == 0 {
		return nil
	}
	if c.looked = m.addNeeds(c.looked[:0], change.Key, change.After); c.needed == nil || !slices.Equal(c.looked, c.needed) {
		c.needed = append(make([]Key, 0, len(c.looked)), c.looked...)
	}
	return c.needed
}

// needs lists the distinct records that a record looks up, itself left out.
func (m *TableMap) needs(self Key, values []Value) []Key {
	if len(m.lookups) == 0 {
		return nil
	}
	return m.addNeeds(make([]Key, 0, len(m.lookups)), self, values)
}

// addNeeds is needs, in a list that is there and empty.
func (m *TableMap) addNeeds(needs []Key, self Key, values []Value) []Key {
	for _, c := range m.lookups {
		if values[c].Kind != KindLookup {
			continue
		}
		if k := values[c].Target.Folded(); k != self && !slices.Contains(needs, k) {
			needs = append(needs, k)
		}
	}
	return needs
}
