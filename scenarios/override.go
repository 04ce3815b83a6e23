package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// slot is a place in the tree that an override can fill.
type slot struct {
	shape shape
	value *node // what is there now; nil for nothing
	put   func(at position, v *node)
	start func(at position) *node // what an override of a part begins with where nothing is there
}

// stepError says why a path leads nowhere.
type stepError struct{ msg, hint string }

func (e *stepError) Error() string { return e.msg }

// override applies one "path=value" to the file's tree, before it is checked.
// nth counts overrides from 1, for their positions.
func override(root *node, argument string, nth int, errs *collector) {
	src := &origin{file: "--set", line: nth - 1, lines: []string{argument}}
	path, value, found := strings.Cut(argument, "=")
	switch {
	case !utf8.ValidString(argument) || strings.ContainsAny(argument, "\t\r\n"):
		src.lines[0] = strings.ToValidUTF8(argument, "?")
		errs.report(position{src, 1, 1}, "", "write it in one line", "an override with a line break, a tab or broken UTF-8")
		return
	case !found:
		errs.report(position{src, 1, utf8.RuneCountInString(argument) + 1}, "", "write path=value, for example engine.workers=16", "an override without =")
		return
	}

	where := slot{shape: schema, value: root}
	column := 1
	for segment := range strings.SplitSeq(path, ".") {
		at := position{src, 1, column}
		column += utf8.RuneCountInString(segment) + 1
		if where.value == nil {
			where.value = where.start(at)
			where.put(at, where.value)
		}
		next, err := where.shape.part(where.value, segment)
		if err != nil {
			hint := ""
			step := &stepError{}
			if errors.As(err, &step) {
				hint = step.hint
			}
			errs.report(at, path, hint, "%v", err)
			return
		}
		where = next
	}

	if value == "" {
		errs.report(position{src, 1, column}, path, "write path=value", "an override without a value")
		return
	}
	// The blanks keep the columns of the value what they are in the argument.
	n := parseTree(&origin{file: src.file, line: src.line, shown: src.lines},
		[]byte(strings.Repeat(" ", column-1)+value), errs)
	if n != nil {
		where.put(position{src, 1, 1}, n)
	}
}

// unknownPart is the error of a path that names what is not there.
func unknownPart(what, segment string, known []string) error {
	return &stepError{fmt.Sprintf("there is no %s %s", what, quote(segment)), didYouMean(segment, known)}
}

// wholeOnly is the error of a path that goes on below a single value.
func wholeOnly(segment string) error {
	return &stepError{fmt.Sprintf("%s would be a part of a value that has none", quote(segment)), "end the path before it, and set the value as a whole"}
}

func (o object) part(n *node, segment string) (slot, error) {
	k := o.find(segment)
	if k == nil {
		return slot{}, unknownPart("key", segment, o.names())
	}
	if n.kind != mapping {
		return slot{}, wholeOnly(segment)
	}
	return slot{
		shape: k.shape,
		value: n.get(segment),
		put:   func(at position, v *node) { n.put(segment, at, v) },
		start: func(at position) *node {
			if k.standard != "" {
				return parseStandard(k)
			}
			return &node{kind: mapping, at: at}
		},
	}, nil
}

func (l list) part(n *node, segment string) (slot, error) {
	if n.kind != sequence {
		return slot{}, unknownPart(l.name, segment, nil)
	}
	var names []string
	for i, item := range n.items {
		item = l.full(item)
		n.items[i] = item
		name := l.nameOf(i, item)
		if name != segment {
			names = append(names, name)
			continue
		}
		return slot{
			shape: l.item,
			value: item,
			put: func(at position, v *node) {
				if v.kind == mapping && v.get(l.named) == nil {
					v.put(l.named, at, &node{kind: scalar, at: at, text: name})
				}
				n.items[i] = v
			},
		}, nil
	}
	return slot{}, unknownPart(l.name, segment, names)
}

func (ch choice) part(n *node, segment string) (slot, error) {
	if n.kind != mapping {
		return slot{}, wholeOnly(segment)
	}
	for _, a := range ch.cases {
		if a.word == cmp.Or(n.textOf(ch.by), ch.usual) {
			return a.object.part(n, segment)
		}
	}
	return object{keys: []key{{name: ch.by}}}.part(n, segment)
}

func (leaf) part(_ *node, segment string) (slot, error)      { return slot{}, wholeOnly(segment) }
func (word) part(_ *node, segment string) (slot, error)      { return slot{}, wholeOnly(segment) }
func (text) part(_ *node, segment string) (slot, error)      { return slot{}, wholeOnly(segment) }
func (composite) part(_ *node, segment string) (slot, error) { return slot{}, wholeOnly(segment) }
