package scenarios

import (
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// This file holds the forms of composite values and the rules that several
// keys must fulfil together. They work on the tree, so that what is sound is
// judged even where something beside it is not.

// positive is a leaf above zero.
type positive struct{ quantity }

func (p positive) check(c *checker, n *node, path string) *node {
	return atLeast(c, leaf(p).check(c, n, path), path, 1, "must be above zero")
}

func (p positive) part(n *node, segment string) (slot, error) { return leaf(p).part(n, segment) }

// notNegative is a leaf of zero or more.
type notNegative struct{ quantity }

func (p notNegative) check(c *checker, n *node, path string) *node {
	return atLeast(c, leaf(p).check(c, n, path), path, 0, "must not be negative")
}

func (p notNegative) part(n *node, segment string) (slot, error) { return leaf(p).part(n, segment) }

func atLeast(c *checker, n *node, path string, least time.Duration, rule string) *node {
	if n != nil && as[time.Duration](n.value) < least {
		c.fault(n, path, "for example 10m", "%s: %s", n.text, rule)
		return nil
	}
	return n
}

// mapOutline is what other parts of the scenario need to know of a map.
type mapOutline struct {
	name    string
	known   bool // the map was checked and the rest of this is filled in
	key     []string
	company bool
	columns []string
	types   []ColumnType // by column
	unique  []bool       // by column
	codes   []*Codes     // by column; nil where it has none
	lookups []string
	leads   [][]int // by lookup: its maps
	leaves  [2]bool // by side: some column carries changes made there
}

// outline notes what the parts of the scenario refer to, before any of them
// is checked.
func (c *checker) outline(root *node) {
	if at := root.get("time").get("start"); at != nil && at.kind == scalar {
		if t, err := instant.read(at.text); err == nil {
			c.start = as[time.Time](t)
		}
	}
	if maps := root.get("maps"); maps != nil {
		named := map[string]bool{}
		for _, m := range maps.items {
			name := m.textOf("name")
			c.maps = append(c.maps, mapOutline{name: name})
			if !named[name] {
				named[name], c.mapNames = true, append(c.mapNames, name)
			}
		}
	}
	if workloads := root.get("workload"); workloads != nil {
		for _, w := range workloads.items {
			c.workloads = append(c.workloads, w.textOf("name"))
		}
	}
	if jobs := root.get("jobs"); jobs != nil {
		for _, j := range jobs.items {
			c.jobs = append(c.jobs, j.textOf("name"))
		}
	}
}

// mapOf returns the outline of the map under the key map, or nil.
func (c *checker) mapOf(n *node) *mapOutline {
	v := n.get("map")
	if v == nil {
		return nil
	}
	if m := &c.maps[as[int](v.value)]; m.known {
		return m
	}
	return nil
}

// readMapName reads a reference to a map; its value is the map's index.
func readMapName(c *checker, n *node, path string) *node {
	if n.kind != scalar {
		c.fault(n, path, "write its name", "the name of a map is needed, not %s", n.kind)
		return nil
	}
	i := slices.IndexFunc(c.maps, func(m mapOutline) bool { return m.name == n.text })
	if i < 0 || n.text == "" {
		c.fault(n, path, c.errs.didYouMean(n.text, c.mapNames), "there is no map %s", quote(n.text))
		return nil
	}
	return &node{kind: scalar, at: n.at, text: n.text, value: i}
}

// readEach reads a list whose items are single values.
func readEach(c *checker, n *node, path string, item composite) *node {
	if n.kind != sequence {
		c.fault(n, path, "write [a, b]", "a list is needed, not %s", n.kind)
		return nil
	}
	out := &node{kind: sequence, at: n.at}
	seen := map[string]bool{}
	for _, v := range n.items {
		v = item(c, v, path)
		if v == nil {
			continue
		}
		if seen[v.text] {
			c.fault(v, path, "remove one of them", "%s appears twice", quote(v.text))
			continue
		}
		seen[v.text] = true
		out.items = append(out.items, v)
	}
	return out
}

// readMaps reads the maps that a job or a project carries; its value is their
// indexes.
func readMaps(owner string) composite {
	return func(c *checker, n *node, path string) *node {
		out := readEach(c, n, path, readMapName)
		if out == nil {
			return nil
		}
		indexes := make([]int, len(out.items))
		for i, v := range out.items {
			indexes[i] = as[int](v.value)
		}
		switch {
		case len(n.items) == 0:
			c.fault(n, path, "name the maps that it carries", "%s without maps", owner)
			return nil
		case len(out.items) < len(n.items):
			return nil
		}
		out.value = indexes
		return out
	}
}

// readNames reads a list of identifiers.
func readNames(c *checker, n *node, path string) *node {
	return withTexts(readEach(c, n, path, name.check))
}

// readTexts reads a list of texts.
func readTexts(c *checker, n *node, path string) *node {
	return withTexts(readEach(c, n, path, text{bytesMax: 256}.check))
}

func withTexts(n *node) *node {
	if n == nil {
		return nil
	}
	texts := make([]string, len(n.items))
	for i, v := range n.items {
		texts[i] = v.text
	}
	n.value = texts
	return n
}

// readMoment reads an instant of the run: a span from the start, a time of
// day, or a calendar time. Its canonical form is the span.
func readMoment(c *checker, n *node, path string) *node {
	const hint = "write a span from the start (3h), a time of day (14:35), or 2026-01-31T14:35:00Z"
	if n.kind != scalar {
		c.fault(n, path, hint, "a time is needed, not %s", n.kind)
		return nil
	}
	at, err := readSpan(n.text)
	calendar := time.Time{}
	if err != nil {
		calendar, err = c.readCalendar(n.text)
	}
	switch {
	case err != nil && isNumber(n.text):
		c.fault(n, path, hint, "%s has no unit", quote(n.text))
		return nil
	case err != nil:
		c.fault(n, path, hint, "%s is not a time", quote(n.text))
		return nil
	case !calendar.IsZero() && c.start.IsZero():
		at = 0 // the start is wrong, and that has been reported
	case !calendar.IsZero():
		at = calendar.Sub(c.start)
	}
	switch {
	case at < 0:
		c.fault(n, path, hint, "%s is before the scenario's start", n.text)
		return nil
	case at > spanMax:
		c.fault(n, path, hint, "%s is out of range", n.text)
		return nil
	}
	return &node{kind: scalar, at: n.at, text: writeSpan(at), value: at}
}

// readCalendar reads a calendar time or a time of day, which means its first
// occurrence from the start on, in UTC.
func (c *checker) readCalendar(text string) (time.Time, error) {
	for _, layout := range []string{"15:04", "15:04:05"} {
		clock, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		day := c.start.Truncate(24 * time.Hour)
		at := day.Add(time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute + time.Duration(clock.Second())*time.Second)
		if at.Before(c.start) {
			at = at.AddDate(0, 0, 1)
		}
		return at, nil
	}
	t, err := instant.read(text)
	if err != nil {
		return time.Time{}, err
	}
	return as[time.Time](t), nil
}

// readPick reads which records are chosen.
func readPick(c *checker, n *node, path string) *node {
	const hint = "write uniform, or {zipf: 1.1}"
	if n.kind == scalar && n.text == "uniform" {
		return &node{kind: scalar, at: n.at, text: n.text, value: Pick{}}
	}
	zipf := n.get("zipf")
	if zipf == nil || len(n.fields) != 1 {
		c.fault(n, path, hint, "this is not a way to pick records")
		return nil
	}
	s := leaf{number(0.01, 20)}.check(c, zipf, path)
	if s == nil {
		return nil
	}
	out := &node{kind: mapping, at: n.at, value: Pick{Zipf: as[float64](s.value)}}
	out.put("zipf", zipf.at, s)
	return out
}

// readLookups reads the lookups of a map.
func readLookups(c *checker, n *node, path string) *node {
	return readPairs(c, n, path, "write {customer: customers}: the column, then the map that it names, or [accounts, contacts]",
		func(column string, v *node, path string) (*node, any) {
			if v.kind == sequence {
				targets := readMaps("a lookup")(c, v, path)
				if targets == nil {
					return nil, nil
				}
				return targets, Lookup{Column: column, Maps: as[[]int](targets.value)}
			}
			target := readMapName(c, v, path)
			if target == nil {
				return nil, nil
			}
			return target, Lookup{Column: column, Maps: []int{as[int](target.value)}}
		})
}

// namedSource is a [Source] whose target is still a name.
type namedSource struct {
	target string
	at     position
	Source
}

// readSources reads where columns come from. The names of the targets are
// resolved by [checkTraceRow].
func readSources(c *checker, n *node, path string) *node {
	return readPairs(c, n, path, "write {column: trace column}",
		func(target string, v *node, path string) (*node, any) {
			shown, source := readSource(c, v, path)
			if shown == nil {
				return nil, nil
			}
			return shown, namedSource{target, v.at, source}
		})
}

// readLookupSources reads where lookups come from: besides its text, a source may
// say which map's record that names. They are resolved by [checkTracedLookups].
func readLookupSources(c *checker, n *node, path string) *node {
	return readPairs(c, n, path, "write {customer: trace column}",
		func(target string, v *node, path string) (*node, any) {
			shown, source := readSource(c, v, path, mapKey, mapCases)
			if shown == nil {
				return nil, nil
			}
			source.Map = mapNotGiven
			switch m := shown.get("map"); {
			case m != nil:
				source.Map = as[int](m.value)
			case v.get("map") != nil:
				return nil, nil // it was reported
			}
			for _, item := range items(shown.get("when")) {
				if item.get("column") == nil || item.get("prefix") == nil || item.get("map") == nil {
					return nil, nil // it was reported
				}
				source.When = append(source.When, MapCase{
					Name: item.name, Column: item.textOf("column"), Prefix: item.textOf("prefix"), Map: as[int](item.get("map").value),
				})
			}
			return shown, namedSource{target, v.at, source}
		})
}

// mapNotGiven stands for the map of a lookup that has one only.
const mapNotGiven = -1

// Keys that the source of a lookup may have besides.
var (
	mapKey   = key{name: "map", shape: composite(readMapName), doc: "the map whose record it names"}
	mapCases = key{name: "when", doc: "rows in which it names a record of another map", shape: list{name: "case", named: "name", item: object{name: "a case", keys: []key{
		{name: "name", shape: name, doc: "its name"},
		{name: "column", shape: text{bytesMax: nameBytesMax}, required: true, doc: "the column that it looks at"},
		{name: "prefix", shape: text{bytesMax: nameBytesMax}, required: true, doc: "what the cell must begin with"},
		{name: "map", shape: composite(readMapName), required: true, doc: "the map whose record it names then"},
	}}}}
)

// readSource reads one of: a column, {column: c, empty: X}, {constant: X}, each
// with more keys where more are allowed.
func readSource(c *checker, n *node, path string, more ...key) (*node, Source) {
	free := text{bytesMax: 256}
	if n.kind == scalar {
		out := free.check(c, n, path)
		if out == nil {
			return nil, Source{}
		}
		return out, Source{Column: out.text}
	}
	form := object{name: "a source", keys: append([]key{
		{name: "column", shape: free, doc: "a column of the trace"},
		{name: "empty", shape: free, doc: "what stands for an empty cell"},
		{name: "constant", shape: free, doc: "the same in every row"},
	}, more...)}
	out := form.check(c, n, path)
	if out == nil {
		return nil, Source{}
	}
	s := Source{Column: out.textOf("column"), Empty: out.textOf("empty"), Constant: out.textOf("constant")}
	if (s.Column == "") == (s.Constant == "") || s.Empty != "" && s.Column == "" {
		c.fault(n, path, "write {column: c, empty: X}, or {constant: X}", "a source is a column or a constant")
		return nil, Source{}
	}
	return out, s
}

// readPairs reads a mapping with free keys. Its value is the list of what
// read returns.
func readPairs(c *checker, n *node, path, hint string, read func(name string, v *node, path string) (*node, any)) *node {
	if n.kind != mapping {
		c.fault(n, path, hint, "a mapping is needed, not %s", n.kind)
		return nil
	}
	out := &node{kind: mapping, at: n.at}
	values := make([]any, 0, len(n.fields))
	for _, f := range n.fields {
		below := join(path, f.key)
		if !isIdentifier(f.key) || len(f.key) > nameBytesMax {
			c.errs.report(f.at, below, hint, "%s cannot be the name of a column", quote(f.key))
			continue
		}
		if shown, value := read(f.key, f.value, below); shown != nil {
			out.put(f.key, f.at, shown)
			values = append(values, value)
		}
	}
	out.value = values
	return out
}

// checkMap notes the outline of a map and compares its columns.
func checkMap(c *checker, _, n *node, path string) {
	i := slices.IndexFunc(c.maps, func(m mapOutline) bool { return m.name == n.textOf("name") })
	key, columns, lookups := n.get("key"), n.get("columns"), n.get("lookups")
	if i < 0 || key == nil || columns == nil || lookups == nil || n.get("company") == nil {
		return
	}
	m := &c.maps[i]
	m.known, m.key, m.company = true, as[[]string](key.value), as[bool](n.get("company").value)
	for _, v := range columns.items {
		m.columns = append(m.columns, v.textOf("name"))
		typ := Text
		if t := v.get("type"); t != nil {
			typ = as[ColumnType](t.value)
		}
		m.types = append(m.types, typ)
		m.codes = append(m.codes, codesOf(v))
		u := v.get("unique")
		m.unique = append(m.unique, u != nil && as[bool](u.value))
	}
	resolved := make([]Lookup, 0, len(lookups.fields))
	for _, l := range as[[]any](lookups.value) {
		resolved = append(resolved, as[Lookup](l))
		m.lookups = append(m.lookups, as[Lookup](l).Column)
		m.leads = append(m.leads, as[Lookup](l).Maps)
	}
	lookups.value = resolved
	m.leaves = checkFlows(c, n, path)
	checkFilters(c, n, path)
	if mode, async := n.get("mode"), n.get("async"); mode != nil && async != nil && mode.value == engine.Async && async.value == Unsupported {
		c.fault(async, join(path, "async"), "add mode: live", "the map does not support async mode, and runs in it")
	}

	if len(m.key) == 0 {
		c.fault(key, join(path, "key"), "name at least one column", "a map without a key")
	}
	if len(m.columns)+len(m.lookups) == 0 {
		c.fault(n, join(path, "columns"), "write columns or lookups", "a map that carries no column")
	}
	for _, k := range m.key {
		if slices.Contains(m.columns, k) { // it may be a lookup: the key of a line names its header
			c.fault(key, join(path, "key"), "a key column is mapped as the key; remove it from the others", "%s is a key column and a mapped column", quote(k))
		}
	}
	for _, f := range lookups.fields {
		if slices.Contains(m.columns, f.key) {
			c.errs.report(f.at, join(path, "lookups"), "keep it under lookups only", "%s is a column and a lookup", quote(f.key))
		}
	}
}

// codesOf returns the codes of a checked column; nil where it has none.
func codesOf(column *node) *Codes {
	codes, passes := column.get("values").get("codes"), column.get("values").get("fall-through")
	if codes == nil || passes == nil {
		return nil
	}
	return &Codes{Pairs: as[[][2]string](codes.value), FallThrough: as[bool](passes.value)}
}

// checkStep judges a step of a generated transaction.
func checkStep(c *checker, raw, n *node, path string) {
	creates, updates, deletes := raw.get("create") != nil, raw.get("update") != nil, raw.get("delete") != nil
	switch {
	case creates && updates || creates && deletes || updates && deletes || !creates && !updates && !deletes:
		c.fault(n, path, "write create: 1, update: 1, or delete: 1", "a step creates, updates or deletes")
		return
	case creates:
		for _, only := range []string{"pick", "columns"} {
			if v := raw.get(only); v != nil {
				c.fault(v, join(path, only), "remove it", "%s is for updates; a create writes a new record", only)
			}
			n.drop(only)
		}
		if m := c.mapOf(n); m != nil {
			c.resolveContents(n.get("contents"), m, join(path, "contents"))
		}
		return
	case deletes:
		for _, only := range []string{"columns", "contents"} {
			if v := raw.get(only); v != nil {
				c.fault(v, join(path, only), "remove it", "a delete writes no column")
			}
			n.drop(only)
		}
		return
	}
	columns, m := n.get("columns"), c.mapOf(n)
	if m == nil {
		return
	}
	c.resolveContents(n.get("contents"), m, join(path, "contents"))
	if columns == nil {
		return
	}
	var indexes []int
	for _, v := range columns.items {
		index := slices.Index(m.columns, v.text)
		if index < 0 {
			c.fault(v, join(path, "columns"), c.errs.didYouMean(v.text, m.columns), "the map %s has no column %s", m.name, quote(v.text))
		}
		indexes = append(indexes, index)
	}
	if len(columns.items) == 0 {
		c.fault(columns, join(path, "columns"), "remove the key to write all", "an update that writes no column")
	}
	for _, f := range each(n.get("contents")) {
		if i := slices.Index(m.columns, f.key); i >= 0 && !slices.Contains(indexes, i) {
			c.errs.report(f.at, join(join(path, "contents"), f.key), "add it to columns, or remove it here", "the update does not write the column %s", quote(f.key))
		}
	}
	columns.value = indexes
}

// checkWorkload judges whether a workload is a generator or a trace.
func checkWorkload(c *checker, raw, n *node, path string) {
	checkReceivers(c, n, path)
	generator := []string{"arrivals", "transaction", "open-for", "concurrent-edit"}
	if raw.get("trace") != nil {
		for _, k := range generator {
			if v := raw.get(k); v != nil {
				c.fault(v, join(path, k), "put it into a workload of its own", "%s has no place beside a trace, which says everything itself", k)
			}
		}
		return
	}
	for _, k := range generator[:2] {
		if raw.get(k) == nil {
			c.fault(n, join(path, k), "arrivals: {rate: 25/s}, transaction: [{map: customers, update: 1}]", "a workload needs %s, or a trace", k)
		}
	}
	c.checkOtherColumns(n, path)
	steps := n.get("transaction")
	edits := func(s *node) bool { return s.get("create") == nil }
	if steps == nil || len(steps.items) == 0 || slices.ContainsFunc(steps.items, edits) {
		return
	}
	for _, k := range generator[2:] {
		if v := n.get(k); v != nil && v.textOf("creates") != "true" {
			c.fault(v, join(path, k), "remove it, or add an update", "%s is for updates, and this workload only creates", k)
		}
	}
}

// checkOtherColumns lets users leave columns alone, where others are to write what
// they have left.
func (c *checker) checkOtherColumns(n *node, path string) {
	columns := n.get("concurrent-edit").get("columns")
	if columns == nil || columns.value != OtherColumns {
		return
	}
	for _, s := range items(n.get("transaction")) {
		m, named := c.mapOf(s), s.get("columns")
		if m == nil || s.get("update") == nil || named != nil && len(named.items) < len(m.columns) {
			continue
		}
		c.fault(s, join(join(path, "transaction"), s.name), "name the columns that the update writes: columns: [phone]",
			"a concurrent edit is to write other columns of %s, and this step leaves none", m.name)
	}
}

// checkReceivers refuses records that would stay where they are made: on a side
// from which their map carries nothing.
func checkReceivers(c *checker, n *node, path string) {
	side := n.get("side")
	if side == nil {
		return
	}
	judge := func(list *node, below string, makes func(item *node) bool) {
		if list == nil {
			return
		}
		for _, item := range list.items {
			if m := c.mapOf(item); m != nil && makes(item) && !m.leaves[as[engine.Side](side.value)] {
				c.fault(item.get("map"), join(join(below, item.name), "map"), "let a column flow the other way, or work on the other side",
					"what is created on %s stays there: the map %s carries nothing from it", side.text, m.name)
			}
		}
	}
	judge(n.get("transaction"), join(path, "transaction"), func(step *node) bool { return step.get("create") != nil })
	judge(n.get("trace").get("rows"), join(path, "trace.rows"), func(*node) bool { return true })
}

// checkTraceRow judges a row of a trace by its map and resolves the targets
// of its sources.
func checkTraceRow(c *checker, raw, n *node, path string) {
	if ahead, once := n.get("ahead"), n.get("once"); ahead != nil && as[time.Duration](ahead.value) > 0 && (once == nil || once.value != PerKey) {
		c.fault(ahead, join(path, "ahead"), "add once: key", "ahead is for records that are booked once")
	}
	m := c.mapOf(n)
	if m == nil {
		return
	}
	company := raw.get("company")
	switch {
	case m.company && company == nil:
		c.fault(n, join(path, "company"), "name the column of the trace that holds it", "the map %s has a company in its key", m.name)
	case !m.company && company != nil:
		c.fault(company, join(path, "company"), "remove it", "the map %s has no company in its key", m.name)
	}
	resolveSources(c, n.get("key"), join(path, "key"), m.name, "key column", m.key)
	checkTracedLookups(c, n.get("lookups"), m, join(path, "lookups"))
	resolveSources(c, n.get("lookups"), join(path, "lookups"), m.name, "lookup", m.lookups)
	resolveSources(c, n.get("values"), join(path, "values"), m.name, "column", m.columns)
	if key := n.get("key"); key != nil {
		for _, k := range m.key {
			if key.get(k) == nil {
				c.fault(key, join(path, "key"), "write where it comes from", "the key column %s is missing", k)
			}
		}
	}
}

// resolveSources turns the sources' names into indexes, in the map's order.
func resolveSources(c *checker, n *node, path, in, what string, targets []string) {
	if n == nil {
		return
	}
	sources := []Source{}
	for _, v := range as[[]any](n.value) {
		s := as[namedSource](v)
		if s.Target = slices.Index(targets, s.target); s.Target < 0 {
			c.errs.report(s.at, join(path, s.target), c.errs.didYouMean(s.target, targets), "the map %s has no %s %s", in, what, quote(s.target))
			continue
		}
		sources = append(sources, s.Source)
	}
	sort.Slice(sources, func(i, j int) bool { return sources[i].Target < sources[j].Target })
	n.value = sources
}

// checkRetry judges the bounds of the back-off.
func checkRetry(c *checker, _, n *node, path string) {
	base, ceiling := n.get("base"), n.get("cap")
	if base != nil && ceiling != nil && as[time.Duration](ceiling.value) < as[time.Duration](base.value) {
		c.fault(ceiling, join(path, "cap"), "cap bounds the back-off from above", "cap %s is below base %s", ceiling.text, base.text)
	}
}

// checkWhole judges what only the whole scenario shows.
func checkWhole(c *checker, _, n *node, _ string) {
	checkJobs(c, n)
	checkOperators(c, n)
	checkProjects(c, n)
	if spotlight := n.get("spotlight"); spotlight != nil && len(spotlight.items) > 0 && !hasTrace(n.get("workload")) {
		c.fault(spotlight, "spotlight", "remove it, or add a workload with a trace", "spotlight names transactions of a trace, and there is none")
	}
}

// checkJobs lets each map be in exactly one job.
func checkJobs(c *checker, n *node) {
	jobs, maps := n.get("jobs"), n.get("maps")
	if jobs == nil || maps == nil {
		return
	}
	carrier := map[string]string{}
	for _, j := range jobs.items {
		sequenceOf := j.get("sequence")
		if sequenceOf == nil {
			return // which maps it was to carry is not known
		}
		for _, v := range sequenceOf.items {
			if other, twice := carrier[v.text]; twice {
				c.fault(v, join(join("jobs", j.name), "sequence"), "a map belongs to one job; remove it from one", "the map %s is already in the job %s", v.text, other)
			}
			carrier[v.text] = j.name
		}
	}
	for _, m := range maps.items {
		if _, carried := carrier[m.name]; !carried && m.name != "" {
			c.fault(m, join("maps", m.name), "add it to the sequence of a job", "the map %s is in no job, so nothing would carry it", m.name)
		}
	}
}

// checkTracedLookups finds out of which maps the lookups of a row name records,
// and lets them name only those whose key is one column, because that is what rows
// of a trace have.
func checkTracedLookups(c *checker, n *node, m *mapOutline, path string) {
	if n == nil {
		return
	}
	sources := as[[]any](n.value)
	for k := range sources {
		s := as[namedSource](sources[k])
		i := slices.Index(m.lookups, s.target)
		if i < 0 {
			continue // it will be reported
		}
		below, leads := join(path, s.target), m.leads[i]
		if s.Map == mapNotGiven && len(leads) > 1 {
			c.errs.report(s.at, below, "write {column: c, map: "+c.maps[leads[0]].name+"}", "%s may name a record of %s; say of which", quote(s.target), c.namesOf(leads))
			s.Map = leads[0]
		}
		if s.Map == mapNotGiven {
			s.Map = leads[0]
		}
		sources[k] = s
		named := []int{s.Map}
		for _, w := range s.When {
			named = append(named, w.Map)
		}
		for _, of := range named {
			target := &c.maps[of]
			switch {
			case !slices.Contains(leads, of):
				c.errs.report(s.at, below, "one of "+c.namesOf(leads), "%s names no record of %s", quote(s.target), target.name)
			case target.known && len(target.key) > 1:
				c.errs.report(s.at, below, "let a generator make these records, or look up a map whose key is one column",
					"a trace cannot name a record of %s, whose key has %d columns (%s)", target.name, len(target.key), strings.Join(target.key, ", "))
			}
		}
	}
}

// namesOf lists the names of maps.
func (c *checker) namesOf(maps []int) string {
	names := make([]string, len(maps))
	for i, m := range maps {
		names[i] = c.maps[m].name
	}
	return strings.Join(names, ", ")
}

func hasTrace(workload *node) bool {
	if workload == nil {
		return true // reported elsewhere
	}
	return slices.ContainsFunc(workload.items, func(w *node) bool { return w.get("trace") != nil })
}
