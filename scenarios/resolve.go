package scenarios

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Source returns the scenario file as it was given.
func (s *Scenario) Source() []byte { return slices.Clone(s.src) }

// Resolved returns the scenario as YAML with all overrides and defaults
// written out. Reading it again gives the same scenario and the same bytes.
func (s *Scenario) Resolved() []byte {
	var b strings.Builder
	writeFields(&b, s.tree, 0)
	return []byte(b.String())
}

// Hash returns the identity of the scenario's results: the first 8 hex digits
// of SHA-256 over the resolved scenario, the files that it names and the version of the
// simulated model. How many runs there are is not part of it, since more of them
// extend the same results, and neither is the sweep, whose points are scenarios of
// their own.
func (s *Scenario) Hash(model string) (string, error) {
	h := sha256.New()
	settings := *s.tree
	settings.fields = slices.DeleteFunc(slices.Clone(settings.fields), func(f field) bool { return result.Aside(f.key) })
	var b strings.Builder
	writeFields(&b, &settings, 0)
	h.Write([]byte(b.String()))
	for _, file := range s.fileNames() {
		if err := s.hashFile(h, file); err != nil {
			return "", err
		}
	}
	h.Write([]byte(model))
	return hex.EncodeToString(h.Sum(nil))[:8], nil
}

func (s *Scenario) hashFile(h io.Writer, name string) error {
	f, err := s.open(name)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it is only read
	_, err = io.Copy(h, f)
	return err
}

// Inputs returns every resolved setting with its default and where that comes
// from, ascending by path.
func (s *Scenario) Inputs() []result.Input {
	var inputs []result.Input
	collectInputs(&inputs, s.tree, "", nil, "")
	slices.SortFunc(inputs, func(a, b result.Input) int { return cmp.Compare(a.Path, b.Path) })
	return inputs
}

// collectInputs adds the settings at and below n. standard is what n would
// have been by default, nil if there is no default.
func collectInputs(inputs *[]result.Input, n *node, path string, standard *node, source string) {
	if n.standard != nil {
		standard, source = n.standard, n.source
	}
	named := n.kind == sequence && slices.ContainsFunc(n.items, func(i *node) bool { return i.name != "" })
	switch {
	case n.kind == mapping && len(n.fields) > 0:
		for _, f := range n.fields {
			if n.name != "" && f.key == "name" {
				continue // it is part of every path below
			}
			collectInputs(inputs, f.value, join(path, f.key), standard.get(f.key), source)
		}
	case named:
		for _, item := range n.items {
			collectInputs(inputs, item, join(path, item.name), nil, "")
		}
	default:
		in := result.Input{Path: path, Value: writeFlow(n), Given: n.at.given()}
		if n.at.src != nil && n.at.src.source != "" {
			standard, source = n, n.at.src.source
		}
		if standard != nil {
			in.Default, in.Source = writeFlow(standard), source
		}
		*inputs = append(*inputs, in)
	}
}

// lineColumns is the width up to which a mapping or a list stays in one line.
const lineColumns = 100

// writeFields writes a mapping, one key a line. The first line begins where
// the writer stands; the others are indented.
func writeFields(b *strings.Builder, n *node, indent int) {
	for i, f := range n.fields {
		if i > 0 {
			b.WriteString(strings.Repeat(" ", indent))
		}
		b.WriteString(f.key + ":")
		writeBelow(b, f.value, indent, len(f.key)+1)
	}
}

// writeBelow writes the value of a key or item, in the same line if it fits.
func writeBelow(b *strings.Builder, n *node, indent, used int) {
	flow := writeFlow(n)
	if n.kind == scalar || indent+used+1+len(flow) <= lineColumns || len(n.fields)+len(n.items) == 0 {
		b.WriteString(" " + flow + "\n")
		return
	}
	pad := strings.Repeat(" ", indent+2)
	b.WriteString("\n")
	if n.kind == mapping {
		b.WriteString(pad)
		writeFields(b, n, indent+2)
		return
	}
	for _, item := range n.items {
		b.WriteString(pad + "-")
		if flow := writeFlow(item); item.kind != mapping || indent+4+len(flow) <= lineColumns {
			b.WriteString(" " + flow + "\n")
			continue
		}
		b.WriteString(" ")
		writeFields(b, item, indent+4)
	}
}

// writeFlow writes a value in one line.
func writeFlow(n *node) string {
	var parts []string
	switch n.kind {
	case mapping:
		for _, f := range n.fields {
			parts = append(parts, f.key+": "+writeFlow(f.value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case sequence:
		for _, item := range n.items {
			parts = append(parts, writeFlow(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	default:
		return writeScalar(n.text)
	}
}

// writeScalar writes a scalar plainly where YAML reads that back as it is,
// and in double quotes otherwise.
func writeScalar(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// isPlain is stricter than YAML, so as to be right without its grammar.
func isPlain(s string) bool {
	for i, r := range s {
		switch {
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9':
		case i == 0:
			if (r != '-' && r != '+') || len(s) < 2 || s[1] < '0' || s[1] > '9' {
				return false
			}
		case r == ':':
			if i+1 == len(s) || s[i+1] == ' ' {
				return false
			}
		case r == ' ':
			if i+1 == len(s) {
				return false
			}
		case !strings.ContainsRune("._/%>+-", r):
			return false
		}
	}
	return s != "" && !strings.EqualFold(s, "null")
}
