package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// The limits of a scenario file. They keep a hostile file from costing more
// than an honest one; no sensible scenario comes near them.
const (
	documentBytesMax = 512 << 10
	lineBytesMax     = 4096
	indentMax        = 128
	nestingMax       = 24
	keysMax          = 6_000 // in the whole file: the parser takes time by the square of those without a value
	dashesMax        = 10_000
	commasMax        = 50_000
	listItemsMax     = 10_000
)

// node is a piece of a scenario: first as the file has it, then, after
// [checker], canonical and with the value that its text stands for.
type node struct {
	kind   nodeKind
	at     position
	text   string  // scalar
	fields []field // mapping
	items  []*node // list

	value    any    // what a scalar or a composite leaf stands for; nil where invalid
	name     string // of a list item, its segment of the path
	standard *node  // what the default would have been
	source   string // where that default comes from
}

// as returns a value that the schema has promised to be a T.
func as[T any](value any) T {
	v, ok := value.(T)
	if !ok {
		panic(fmt.Sprintf("scenarios: a %T where the schema has a %v", value, reflect.TypeFor[T]()))
	}
	return v
}

type nodeKind uint8

const (
	scalar nodeKind = iota
	mapping
	sequence
	null
)

func (k nodeKind) String() string {
	return [...]string{"a single value", "a mapping", "a list", "nothing"}[k]
}

// field is one key of a mapping with its value.
type field struct {
	key   string
	at    position
	value *node
}

// get returns the value of a key, or nil.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for i := range n.fields {
		if n.fields[i].key == key {
			return n.fields[i].value
		}
	}
	return nil
}

// items returns the items of a list; none of nil.
func items(n *node) []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// each returns the fields of a mapping; none of nil.
func each(n *node) []field {
	if n == nil {
		return nil
	}
	return n.fields
}

// textOf returns the text of a scalar under key, or "".
func (n *node) textOf(key string) string {
	if v := n.get(key); v != nil && v.kind == scalar {
		return v.text
	}
	return ""
}

// drop removes a key.
func (n *node) drop(key string) {
	n.fields = slices.DeleteFunc(n.fields, func(f field) bool { return f.key == key })
}

// put sets a key, replacing what it had.
func (n *node) put(key string, at position, value *node) {
	for i := range n.fields {
		if n.fields[i].key == key {
			n.fields[i] = field{key, at, value}
			return
		}
	}
	n.fields = append(n.fields, field{key, at, value})
}

// parseTree reads YAML into nodes, refusing what a scenario may not hold.
// The tree is nil when the text is not usable at all.
func parseTree(src *origin, data []byte, errs *collector) *node {
	text, ok := screen(src, data, errs)
	if !ok {
		return nil
	}
	tokens := lexer.Tokenize(text)
	if !screenTokens(src, tokens, errs) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		errs.add(syntaxError(src, err))
		return nil
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if body != nil {
			errs.report(src.at(doc.Body.GetToken()), "", "a scenario is one document; remove what follows the ---", "a second YAML document")
			return nil
		}
		body = doc.Body
	}
	if body == nil {
		errs.report(position{src, 1, 1}, "", "the smallest scenario begins with: schema: twinwrite/v1", "the file is empty")
		return nil
	}
	t := &treeReader{src: src, errs: errs}
	return t.read(body, 0)
}

// screen checks the raw text before any parser sees it.
func screen(src *origin, data []byte, errs *collector) (string, bool) {
	if len(data) > documentBytesMax {
		errs.report(position{src, 1, 1}, "", "keep bulk data in a trace file and name it under workload",
			"the file has %d bytes; a scenario may have %d", len(data), documentBytesMax)
		return "", false
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	src.lines = strings.Split(text, "\n")
	before := errs.count()
	for i, line := range src.lines {
		screenLine(position{src, i + 1, 1}, line, errs)
	}
	return text, errs.count() == before
}

func screenLine(at position, line string, errs *collector) {
	if len(line) > lineBytesMax {
		errs.report(at, "", "break the line", "the line has %d bytes; a line may have %d", len(line), lineBytesMax)
		return
	}
	if !utf8.ValidString(line) {
		errs.report(at, "", "save the file as UTF-8", "the line is not valid UTF-8")
		return
	}
	column := 0
	for _, r := range line {
		column++
		at.column = column
		switch {
		case r == '\t':
			errs.report(at, "", "indent with spaces", "a tab")
			return
		case r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0xfeff:
			errs.report(at, "", "remove it", "the control character %U", r)
			return
		case r != ' ' && r != '-' && column-1 > indentMax && strings.Trim(line[:column-1], " -") == "":
			errs.report(at, "", "nest less deeply", "the line is indented by more than %d columns", indentMax)
			return
		}
	}
}

// screenTokens refuses what YAML has and scenarios do without, and nesting
// that only an attack would need.
func screenTokens(src *origin, tokens token.Tokens, errs *collector) bool {
	before := errs.count()
	depth, keys, dashes, commas := 0, 0, 0, 0
	for _, tk := range tokens {
		switch tk.Type {
		case token.AnchorType:
			errs.report(src.at(tk), "", "write the value where it is needed", "an anchor (&); scenarios have no aliases")
		case token.AliasType:
			errs.report(src.at(tk), "", "write the value where it is needed", "an alias (*); scenarios have no aliases")
		case token.MergeKeyType:
			errs.report(src.at(tk), "", "write the keys where they are needed", "a merge key (<<)")
		case token.TagType:
			errs.report(src.at(tk), "", "remove it; the type follows from the key", "a tag (%s)", tk.Value)
		case token.DirectiveType:
			errs.report(src.at(tk), "", `put the value in quotes: "%..."`, "a directive (%%)")
		case token.MappingKeyType:
			errs.report(src.at(tk), "", "write: key: value", "a complex key (?)")
		case token.MappingStartType, token.SequenceStartType:
			if depth++; depth > nestingMax {
				errs.report(src.at(tk), "", "nest less deeply", "brackets are nested more than %d deep", nestingMax)
				return false
			}
		case token.MappingValueType:
			if keys++; keys > keysMax {
				errs.report(src.at(tk), "", "split it", "the file has more than %d keys", keysMax)
				return false
			}
		case token.SequenceEntryType:
			if dashes++; dashes > dashesMax {
				errs.report(src.at(tk), "", "keep bulk data in a trace file", "the file has more than %d items of lists", dashesMax)
				return false
			}
		case token.CollectEntryType:
			if commas++; commas > commasMax {
				errs.report(src.at(tk), "", "keep bulk data in a trace file", "the file has more than %d commas between values", commasMax)
				return false
			}
		case token.MappingEndType, token.SequenceEndType:
			depth--
		}
	}
	return errs.count() == before
}

// syntaxError turns the parser's error into ours.
func syntaxError(src *origin, err error) *ScenarioError {
	var syntax interface {
		error
		GetToken() *token.Token
		GetMessage() string
	}
	if !errors.As(err, &syntax) {
		panic(fmt.Sprintf("scenarios: the YAML parser failed without a position: %v", err))
	}
	msg := syntax.GetMessage()
	hint := "check the indentation and the brackets around here"
	switch {
	case strings.Contains(msg, "reserved character"), strings.Contains(msg, "directive"):
		hint = "put the value in quotes"
	case strings.Contains(msg, "end character of"):
		hint = "close the quotes"
	case strings.Contains(msg, "must be specified"), strings.Contains(msg, "end token"):
		hint = "close the bracket, or separate the entries with commas"
	case strings.Contains(msg, "mapping value is not allowed"):
		hint = `a text with a colon needs quotes: "a: b"`
	}
	return newError(src.at(syntax.GetToken()), "", hint, msg)
}

// treeReader turns the parser's tree into nodes.
type treeReader struct {
	src  *origin
	errs *collector
}

// read returns nil where it has reported an error.
func (t *treeReader) read(n ast.Node, depth int) *node {
	at := t.src.at(n.GetToken())
	if depth > nestingMax {
		t.errs.report(at, "", "nest less deeply", "nested more than %d deep", nestingMax)
		return nil
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return t.readMapping(n, depth)
	case *ast.SequenceNode:
		return t.readList(n, depth)
	case *ast.NullNode:
		return &node{kind: null, at: at}
	case *ast.LiteralNode:
		return &node{kind: scalar, at: at, text: n.Value.Value}
	case *ast.StringNode:
		return &node{kind: scalar, at: at, text: n.Value}
	case *ast.CommentGroupNode:
		return &node{kind: null, at: at}
	default:
		return &node{kind: scalar, at: at, text: n.GetToken().Value}
	}
}

func (t *treeReader) readMapping(m *ast.MappingNode, depth int) *node {
	at := t.src.at(m.GetToken())
	if !m.IsFlowStyle && len(m.Values) > 0 {
		at = t.src.at(m.Values[0].Key.GetToken())
	}
	out := &node{kind: mapping, at: at}
	first := map[string]position{}
	for _, v := range m.Values {
		key, at := v.Key.GetToken().Value, t.src.at(v.Key.GetToken())
		if earlier, twice := first[key]; twice {
			t.errs.report(at, "", "keep one of them", "the key %s appears twice; first in line %d", quote(key), earlier.line)
			continue
		}
		first[key] = at
		value := t.read(v.Value, depth+1)
		if value == nil {
			continue
		}
		if value.kind == null {
			value.at = at
		}
		out.fields = append(out.fields, field{key, at, value})
	}
	return out
}

func (t *treeReader) readList(s *ast.SequenceNode, depth int) *node {
	out := &node{kind: sequence, at: t.src.at(s.GetToken())}
	if len(s.Values) > listItemsMax {
		t.errs.report(out.at, "", "keep bulk data in a trace file", "a list with %d items; it may have %d", len(s.Values), listItemsMax)
		return nil
	}
	for _, v := range s.Values {
		if item := t.read(v, depth+1); item != nil {
			out.items = append(out.items, item)
		}
	}
	return out
}

// opener finds the files that a scenario names.
type opener func(name string) (fs.File, error)
