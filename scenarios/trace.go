package scenarios

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
)

// Transaction is a planned commit of one user or batch.
type Transaction struct {
	At   time.Duration // run time
	ID   string        // the trace's own name for it
	Side engine.Side
	Rows []Row // in the order of the trace, never empty
}

// Row is what a [Transaction] does to one record.
type Row struct {
	Map     int // index into Scenario.Maps
	Op      engine.Operation
	Company string   // empty for a global map
	Key     []string // one text for each of the map's Key columns
	Lookups []Cell   // by the map's Lookups; others stay empty
	Values  []Cell   // by the map's Columns; others stay empty
}

// Cell is the content of one column. An empty text is no value.
type Cell struct {
	Index  int // into the map's Columns or Lookups
	Text   string
	Number int64 // of a column of type Number: millionths
	Map    int   // of a lookup: the map whose record it names, as an index into Scenario.Maps
}

// Transactions reads the trace of a workload and returns what it plans, in
// the order of time; where times are equal, in the order of the file.
//
// The file must go forward in time, and the rows of a transaction must stand
// together. A transaction commits at the time of its first row. Records that
// a row books ahead get a transaction of their own, called "<row> of <id>".
// Every faulty row is reported, in [Errors].
func (s *Scenario) Transactions(w *Workload) ([]Transaction, error) {
	f, err := s.open(w.Trace.File)
	if err != nil {
		return nil, s.traceMissing(w, err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	r := &traceReader{s: s, w: w, errs: &collector{}, src: &origin{file: w.Trace.File}, seen: map[recordName]struct{}{}, keys: model.KeyForm()}
	r.read(f)
	if r.errs.count() > 0 {
		return nil, s.withSnippets(w.Trace.File, r.errs.sorted())
	}
	slices.SortStableFunc(r.plan, func(a, b planned) int {
		if a.At != b.At {
			return int(min(1, max(-1, a.At-b.At)))
		}
		return a.order - b.order
	})
	out := make([]Transaction, 0, len(r.plan))
	for i := range r.plan {
		if len(r.plan[i].Rows) > 0 { // not all of them known already
			out = append(out, r.plan[i].Transaction)
		}
	}
	return out, nil
}

// checkTraces reads every trace, for its faults, and looks the spotlight's
// transactions up in them.
func (s *Scenario) checkTraces() error {
	unknown := slices.Clone(s.Spotlight)
	for i := range s.Workload {
		if s.Workload[i].Trace == nil {
			continue
		}
		plan, err := s.Transactions(&s.Workload[i])
		if err != nil {
			return err
		}
		for _, t := range plan {
			unknown = slices.DeleteFunc(unknown, func(id string) bool { return id == t.ID })
		}
	}
	errs := &collector{}
	for _, n := range s.tree.get("spotlight").items {
		if slices.Contains(unknown, n.text) {
			errs.report(n.at, "spotlight", "write it as the transaction column of the trace has it", "no trace has the transaction %s", quote(n.text))
		}
	}
	if errs.count() > 0 {
		return errs.sorted()
	}
	return nil
}

// traceMissing says where the scenario names a file that cannot be read.
func (s *Scenario) traceMissing(w *Workload, err error) error {
	path := "workload." + w.Name + ".trace.file"
	at := s.tree.at
	for _, n := range s.tree.get("workload").items {
		if n.name == w.Name {
			at = n.get("trace").get("file").at
		}
	}
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathErr.Err
	}
	return Errors{newError(at, path, "the path is relative to the scenario file", fmt.Sprintf("cannot read the trace %s: %v", quote(w.Trace.File), err))}
}

// recordName names a record of the trace.
type recordName struct {
	m            int
	company, key string
}

// planned is a transaction with its place among those of the same time.
type planned struct {
	Transaction
	order int
}

// traceReader reads one CSV file, row by row.
type traceReader struct {
	s    *Scenario
	w    *Workload
	errs *collector
	src  *origin

	csv    *csv.Reader
	at, id int // columns
	rows   []rowColumns
	cases  []int // column of each operation case

	plan  []planned
	ids   map[string]struct{}     // transactions that have ended
	seen  map[recordName]struct{} // records booked once
	last  time.Time
	id0   string // the transaction that is being read
	now   int    // its index in plan, or -1 when its first row is faulty
	op    engine.Operation
	ahead []int // by row: index in plan of what is booked ahead of it, or -1

	keys  engine.KeyForm
	cells []Cell   // arena
	texts []string // arena
}

// rowColumns are the columns of the file that a [TraceRow] takes.
type rowColumns struct {
	company              int
	key, lookups, values []int   // -1 for a constant
	maps                 [][]int // by lookup: of the cases of its map
}

func (r *traceReader) read(f io.Reader) {
	r.csv = csv.NewReader(bufio.NewReader(f))
	r.csv.ReuseRecord = true
	header, err := r.csv.Read()
	if err == io.EOF {
		r.errs.report(position{r.src, 1, 1}, "", "the first line names the columns", "the trace is empty")
		return
	}
	if err != nil {
		r.fault(err)
		return
	}
	if !r.header(header) {
		return
	}
	r.ids = map[string]struct{}{}
	r.ahead = make([]int, len(r.rows))
	for {
		record, err := r.csv.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			r.fault(err)
			if errors.Is(err, csv.ErrFieldCount) {
				continue
			}
			break // where the next row begins is not certain
		}
		r.row(record)
	}
}

// fault reports what package csv says.
func (r *traceReader) fault(err error) {
	at, hint := position{r.src, 1, 1}, "the file cannot be read to its end: copy or pack it again"
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		at, err = position{r.src, parse.Line, max(1, parse.Column)}, parse.Err
		hint = "quote a cell as a whole: \"...\", and a quote inside it as \"\""
		if errors.Is(err, csv.ErrFieldCount) {
			hint = "every line needs a cell for each column of the first line"
		}
	}
	r.errs.report(at, "", hint, "%v", err)
}

// header finds the columns that the scenario names.
func (r *traceReader) header(names []string) bool {
	names = slices.Clone(names)
	names[0] = strings.TrimPrefix(names[0], "\ufeff")
	find := func(column string) int {
		if column == "" {
			return -1
		}
		i := slices.Index(names, column)
		if i < 0 {
			r.errs.report(position{r.src, 1, 1}, "", r.errs.didYouMean(column, names), "the trace has no column %s", quote(column))
		}
		return i
	}
	findAll := func(sources []Source) []int {
		columns := make([]int, len(sources))
		for i := range sources {
			columns[i] = find(sources[i].Column)
		}
		return columns
	}
	findCases := func(sources []Source) [][]int {
		cases := make([][]int, len(sources))
		for i := range sources {
			for k := range sources[i].When {
				cases[i] = append(cases[i], find(sources[i].When[k].Column))
			}
		}
		return cases
	}
	t := r.w.Trace
	r.at, r.id = find(t.At), find(t.Transaction)
	for i := range t.Rows {
		row := &t.Rows[i]
		r.rows = append(r.rows, rowColumns{find(row.Company), findAll(row.Key), findAll(row.Lookups), findAll(row.Values), findCases(row.Lookups)})
	}
	for i := range t.Operation.When {
		r.cases = append(r.cases, find(t.Operation.When[i].Column))
	}
	return r.errs.count() == 0
}

// cellFault reports a fault of one cell of the current row.
func (r *traceReader) cellFault(column int, hint, format string, args ...any) {
	line, c := r.csv.FieldPos(column)
	r.errs.report(position{r.src, line, c}, "", hint, format, args...)
}

func (r *traceReader) row(record []string) {
	id := record[r.id]
	first := id != r.id0
	if id == "" {
		r.cellFault(r.id, "every row belongs to a transaction", "the transaction is empty")
		return
	}
	if first && !r.begin(record, id) {
		return
	}
	if r.now < 0 {
		return
	}
	for i := range r.rows {
		r.write(i, record, first)
	}
}

// begin starts the transaction of the current row, which is its first.
func (r *traceReader) begin(record []string, id string) bool {
	if r.id0 != "" {
		r.ids[r.id0] = struct{}{}
	}
	r.id0, r.now = id, -1
	if _, ended := r.ids[id]; ended {
		r.cellFault(r.id, "let the rows of a transaction stand together", "the transaction %s appears again after others", quote(id))
		return false
	}
	stamp, err := time.Parse(time.RFC3339, record[r.at])
	if err != nil {
		r.cellFault(r.at, "write 2026-01-31T18:00:00Z", "%s is not a time", quote(record[r.at]))
		return false
	}
	if stamp.Before(r.last) {
		r.cellFault(r.at, "sort the file by time", "%s goes back in time; an earlier row has %s", record[r.at], r.last.Format(time.RFC3339))
		return false
	}
	r.last = stamp

	t := r.w.Trace
	at := time.Duration(float64(stamp.Sub(r.s.Time.Start))/float64(t.Speed)) + t.Shift
	switch {
	case at < 0:
		r.cellFault(r.at, "begin earlier (time.start) or move the trace (shift)", "%s is before the scenario's start", record[r.at])
		return false
	case at >= r.s.Time.Run:
		r.cellFault(r.at, "lengthen time.run, or move the trace (speed, shift)", "%s is not within the workload window, which ends at %s", record[r.at], r.s.Time.Start.Add(r.s.Time.Run).Format(time.RFC3339))
		return false
	}
	r.op = t.Operation.Default
	for i, c := range t.Operation.When {
		if strings.HasPrefix(record[r.cases[i]], c.Prefix) {
			r.op = c.Then
			break
		}
	}
	for i := range r.ahead {
		r.ahead[i] = -1
	}
	r.now = len(r.plan)
	r.plan = append(r.plan, planned{Transaction{At: at, ID: id, Side: r.w.Side}, 2*r.now + 1})
	return true
}

// write adds what the i-th kind of row makes of the current one.
func (r *traceReader) write(i int, record []string, first bool) {
	rule, columns := &r.w.Trace.Rows[i], &r.rows[i]
	if rule.Once == PerTransaction && !first {
		return
	}
	m := &r.s.Maps[rule.Map]
	row := Row{Map: rule.Map, Op: r.op}
	before := r.errs.count()
	if m.Company {
		if row.Company = record[columns.company]; row.Company == "" {
			r.cellFault(columns.company, "every record of "+m.Name+" belongs to a company", "the company is empty")
		}
	}
	start := len(r.texts)
	for k := range rule.Key {
		text := take(&rule.Key[k], record, columns.key[k])
		if text == "" {
			r.cellFault(columns.key[k], "write {column: c, empty: X} for rows without one", "the key column %s of %s is empty", m.Key[rule.Key[k].Target], m.Name)
		}
		r.texts = append(r.texts, text)
	}
	row.Key = r.texts[start:len(r.texts):len(r.texts)]
	if rule.Once == PerKey {
		row.Op = engine.Create
		if !r.first(&row) {
			r.texts = r.texts[:start]
			return
		}
	}
	row.Lookups = r.take(rule.Lookups, columns.lookups, record, nil)
	for k := range row.Lookups {
		row.Lookups[k].Map = mapOf(&rule.Lookups[k], record, columns.maps[k])
	}
	row.Values = r.take(rule.Values, columns.values, record, m.Columns)
	if r.errs.count() > before {
		return
	}
	into := r.now
	if rule.Ahead > 0 {
		into = r.aheadOf(i, rule)
	}
	r.plan[into].Rows = append(r.plan[into].Rows, row)
}

// first reports whether the trace shows a record for the first time, as its
// side compares keys.
func (r *traceReader) first(row *Row) bool {
	name := recordName{row.Map, row.Company, engine.JoinKey(row.Key...)}
	if r.s.Systems.Of(r.w.Side).Keys.FoldCase {
		name.key = r.keys.Canonical(name.key)
	}
	_, seen := r.seen[name]
	r.seen[name] = struct{}{}
	return !seen
}

// aheadOf returns the transaction that books records ahead of the current one.
func (r *traceReader) aheadOf(i int, rule *TraceRow) int {
	if r.ahead[i] < 0 {
		main := &r.plan[r.now]
		r.ahead[i] = len(r.plan)
		r.plan = append(r.plan, planned{
			Transaction{At: max(0, main.At-rule.Ahead), ID: rule.Name + " of " + main.ID, Side: r.w.Side},
			main.order - 1,
		})
	}
	return r.ahead[i]
}

// take reads cells. columns are those of the map, for their types.
func (r *traceReader) take(sources []Source, from []int, record []string, columns []Column) []Cell {
	start := len(r.cells)
	for k := range sources {
		cell := Cell{Index: sources[k].Target, Text: take(&sources[k], record, from[k])}
		if columns != nil && columns[cell.Index].Type == Number && cell.Text != "" {
			n, ok := millionths(cell.Text)
			if !ok {
				r.cellFault(max(0, from[k]), "a number has at most 6 decimals and 12 digits before them", "%s is not a number for %s", quote(cell.Text), columns[cell.Index].Name)
			}
			cell.Number = n
		}
		r.cells = append(r.cells, cell)
	}
	return r.cells[start:len(r.cells):len(r.cells)]
}

// mapOf returns the map of which a lookup names a record in a row.
func mapOf(s *Source, record []string, columns []int) int {
	for i := range s.When {
		if strings.HasPrefix(record[columns[i]], s.When[i].Prefix) {
			return s.When[i].Map
		}
	}
	return s.Map
}

// take returns the text that a source has in a row.
func take(s *Source, record []string, column int) string {
	if column < 0 {
		return s.Constant
	}
	if text := record[column]; text != "" {
		return text
	}
	return s.Empty
}

// millionths reads a decimal number exactly.
func millionths(text string) (int64, bool) {
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	if whole == "" || len(whole) > 12 || len(fraction) > 6 || point && fraction == "" {
		return 0, false
	}
	n := int64(0)
	for _, d := range whole + fraction + "000000"[len(fraction):] {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = 10*n + int64(d-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

// withSnippets reads a trace once more, for the lines that have faults.
func (s *Scenario) withSnippets(name string, errs Errors) Errors {
	f, err := s.open(name)
	if err != nil {
		return errs
	}
	defer f.Close() //nolint:errcheck // it is only read
	lines := bufio.NewScanner(f)
	next := 0
	for line := 1; next < len(errs) && lines.Scan(); line++ {
		text := lines.Text()
		for ; next < len(errs) && errs[next].Line == line; next++ {
			column := utf8.RuneCountInString(text[:min(len(text), errs[next].Column-1)]) + 1
			at := position{&origin{line: line - 1, lines: []string{text}}, 1, column}
			errs[next].Column, errs[next].Snippet = column, at.snippet()
		}
	}
	return errs
}
