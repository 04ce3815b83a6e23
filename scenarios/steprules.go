package scenarios

import (
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// What the keys of a workload and of its steps must fulfil together.

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

func hasTrace(workload *node) bool {
	if workload == nil {
		return true // reported elsewhere
	}
	return slices.ContainsFunc(workload.items, func(w *node) bool { return w.get("trace") != nil })
}
