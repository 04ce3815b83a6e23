package scenarios

import (
	"slices"
	"time"
)

// The forms of values that have parts of their own, or that must lie in a range.

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

// readMapName reads a reference to a map; its value is the map's index. Where there are no
// maps that fault is enough, and it has been reported.
func readMapName(c *checker, n *node, path string) *node {
	if n.kind != scalar {
		c.fault(n, path, "write its name", "the name of a map is needed, not %s", n.kind)
		return nil
	}
	if len(c.maps) == 0 {
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
	return &node{kind: scalar, at: n.at, text: WriteSpan(at), value: at}
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
