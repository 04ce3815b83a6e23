package scenarios

import (
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// The rules that several keys must fulfil together, here those of maps, of jobs and
// of the whole. They work on the tree, so that what is sound is judged even where
// something beside it is not.

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
