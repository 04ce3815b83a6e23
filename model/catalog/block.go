package catalog

import (
	"fmt"
	"strings"
	"unicode"
)

// DataError is a fault in a data file.
type DataError struct {
	File         string
	Line, Column int // from 1; the column counts bytes
	Text         string
}

func (e *DataError) Error() string {
	return fmt.Sprintf("catalog: %s:%d:%d: %s", e.File, e.Line, e.Column, e.Text)
}

// position is a place in a data file.
type position struct {
	file         string
	line, column int
}

func (p position) errorf(format string, args ...any) error {
	return &DataError{File: p.file, Line: p.line, Column: p.column, Text: fmt.Sprintf(format, args...)}
}

// right returns the position n bytes further on the same line.
func (p position) right(n int) position {
	p.column += n
	return p
}

// line is the first word of a line and what follows it.
type line struct {
	word string
	at   position
	rest string // without surrounding blanks
	from position
}

// block is a line that begins in column 1 and the indented lines below it.
type block struct {
	line
	lines []line
}

// blocks splits a file. Blank lines and lines that begin with # are skipped.
func blocks(file, text string) (all []block, faults []error) {
	for i, raw := range strings.Split(text, "\n") {
		raw = strings.TrimRightFunc(raw, unicode.IsSpace)
		body := strings.TrimLeft(raw, " ")
		if body == "" || body[0] == '#' {
			continue
		}
		at := position{file, i + 1, len(raw) - len(body) + 1}
		if j := strings.IndexByte(raw, '\t'); j >= 0 {
			faults = append(faults, position{file, i + 1, j + 1}.errorf("a tab; indent with blanks"))
			continue
		}
		word, rest, _ := strings.Cut(body, " ")
		trimmed := strings.TrimLeft(rest, " ")
		l := line{word: word, at: at, rest: trimmed, from: at.right(len(body) - len(trimmed))}
		switch {
		case at.column == 1:
			all = append(all, block{line: l})
		case len(all) == 0:
			faults = append(faults, at.errorf("an indented line before the first block"))
		default:
			last := &all[len(all)-1]
			last.lines = append(last.lines, l)
		}
	}
	return all, faults
}

// slot takes the value of one word of a block.
type slot struct {
	word     string
	required bool
	many     bool // may be written several times
	take     func(line) error
}

// into takes a text that must not be empty.
func into(to *string) func(line) error {
	return func(l line) error {
		if l.rest == "" {
			return l.at.errorf("%s says nothing", l.word)
		}
		*to = l.rest
		return nil
	}
}

// intoList takes words separated by commas.
func intoList(to *[]string) func(line) error {
	return func(l line) error {
		for item := range strings.SplitSeq(l.rest, ",") {
			item = strings.TrimSpace(item)
			if item == "" {
				return l.from.errorf("%s has an empty name in its list", l.word)
			}
			*to = append(*to, item)
		}
		return nil
	}
}

// add takes one more text.
func add(to *[]string) func(line) error {
	return func(l line) error {
		*to = append(*to, l.rest)
		return into(new(string))(l)
	}
}

// fill hands the lines of a block to its slots; other takes lines whose word is
// no slot's, and may be nil.
func (b block) fill(slots []slot, other func(line) (bool, error)) (faults []error) {
	seen := map[string]bool{}
	for _, l := range b.lines {
		taken := false
		for _, s := range slots {
			if s.word != l.word {
				continue
			}
			taken = true
			if seen[s.word] && !s.many {
				faults = append(faults, l.at.errorf("%s is written twice", s.word))
			} else if err := s.take(l); err != nil {
				faults = append(faults, err)
			}
			seen[s.word] = true
		}
		if !taken && other != nil {
			ok, err := other(l)
			taken = ok
			if err != nil {
				faults = append(faults, err)
			}
		}
		if !taken {
			faults = append(faults, l.at.errorf("unknown word %s in %s %s", l.word, b.word, b.rest))
		}
	}
	for _, s := range slots {
		if s.required && !seen[s.word] {
			faults = append(faults, b.at.errorf("%s %s lacks %s", b.word, b.rest, s.word))
		}
	}
	return faults
}

// names checks that the blocks of a file are of one kind, with plain names of
// their own.
func names(kind string, all []block) (faults []error) {
	first := map[string]position{}
	for _, b := range all {
		switch before, twice := first[b.rest]; {
		case b.word != kind:
			faults = append(faults, b.at.errorf("a block begins with %s, not with %s", kind, b.word))
		case !plain(b.rest):
			faults = append(faults, b.from.errorf("%q is no name: use small letters, digits and hyphens", b.rest))
		case twice:
			faults = append(faults, b.from.errorf("%s %s is there already, in line %d", kind, b.rest, before.line))
		default:
			first[b.rest] = b.at
		}
	}
	return faults
}

func plain(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return name != "" && name[0] != '-'
}
