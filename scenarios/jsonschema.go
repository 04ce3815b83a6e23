package scenarios

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// JSONSchema returns the language as a JSON Schema (draft 2020-12), from which
// editors know keys, words and defaults while a scenario is written. It is made
// from the same table as the reader, which is stricter: rules that join several
// keys, names and units are not part of it.
func JSONSchema() []byte {
	w := schemaWriter{defs: map[string]any{}}
	root := w.write(schema)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = "https://github.com/twinwrite/twinwrite/scenario.schema.json"
	root["title"] = "twinwrite scenario, twinwrite/v1"
	root["$defs"] = w.defs
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil { // maps are written in the order of their keys
		panic("scenarios: the schema cannot be written: " + err.Error())
	}
	return out.Bytes()
}

// schemaWriter turns shapes into schemas. Choices with a plain form are used in
// many places, and inside themselves: each is written once, among defs.
type schemaWriter struct{ defs map[string]any }

func (w *schemaWriter) write(s shape) map[string]any {
	switch s := s.(type) {
	case object:
		return w.object(s)
	case list:
		item := w.write(s.item)
		if s.short {
			item = map[string]any{"anyOf": []any{map[string]any{"type": "string"}, item}}
		}
		out := map[string]any{"type": "array", "items": item}
		if s.least > 0 {
			out["minItems"] = s.least
		}
		return out
	case choice:
		return w.choice(s)
	case nestedDistribution:
		return w.choice(distribution)
	case leaf:
		return s.schema()
	case positive:
		return s.schema()
	case notNegative:
		return s.schema()
	case word:
		return map[string]any{"enum": s.words()}
	case text:
		out := map[string]any{"type": []string{"string", "number", "boolean"}}
		if s.identifier {
			out["pattern"] = "^[A-Za-z0-9][A-Za-z0-9_-]*$"
		}
		return out
	default: // a part with a form of its own
		return map[string]any{}
	}
}

// schema tells of a quantity. Numbers without a unit may also be written as
// texts: the reader makes no difference.
func (q quantity) schema() map[string]any {
	out := map[string]any{"description": q.name, "examples": []string{q.example}}
	switch {
	case q.plain == "":
		out["type"] = "string"
	case q.plain == "boolean":
		out["type"] = "boolean"
	default:
		out["type"] = []string{q.plain, "string"}
	}
	return out
}

// byTemplate are the keys that a template gives, so that the file need not.
var byTemplate = []string{"maps", "jobs", "finops", "dataverse", "key"}

func (w *schemaWriter) object(o object) map[string]any {
	properties := map[string]any{}
	expands := slices.ContainsFunc(o.keys, func(k key) bool { return k.expands })
	var required []string
	for i := range o.keys {
		k := &o.keys[i]
		if k.later != "" {
			continue
		}
		p := w.write(k.shape)
		about := k.doc
		if k.standard != "" {
			about += " (" + k.standard + " if not given; " + k.source + ")"
		}
		if _, isRef := p["$ref"]; isRef {
			p = map[string]any{"allOf": []any{p}}
		}
		p["description"] = about
		properties[k.name] = p
		if k.required && !(expands && slices.Contains(byTemplate, k.name)) {
			required = append(required, k.name)
		}
	}
	out := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func (w *schemaWriter) choice(ch choice) map[string]any {
	id := strings.ReplaceAll(strings.TrimPrefix(ch.name, "a "), " ", "-")
	ref := map[string]any{"$ref": "#/$defs/" + id}
	if _, done := w.defs[id]; done {
		return ref
	}
	w.defs[id] = true // it may occur inside itself
	var cases []any
	if ch.value != nil {
		cases = append(cases, ch.value.schema())
	}
	for _, a := range ch.cases {
		if a.later == "" {
			cases = append(cases, w.object(a.object))
		}
	}
	w.defs[id] = map[string]any{"anyOf": cases}
	return ref
}
