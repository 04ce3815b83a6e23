package scenarios

import "strings"

// Section is a part of the language's reference: the keys below one key of the
// file, or a form that stands in many places.
type Section struct {
	Title   string
	Entries []Entry
}

// Entry is one key of the language.
type Entry struct {
	Path     string // 'engine.retry.base', 'faults[].at'; in a form its key alone
	Where    string // of a form with cases: the word that the key goes with
	Form     string // what it takes
	Doc      string
	Default  string
	Source   string // of the default: "documented: where" or "assumed: why"
	Required bool
}

// Reference is the whole language, from the table that reads it: every key of the
// file in its order, and after that the forms that are used in many places.
func Reference() []Section {
	root, ok := schema.(object)
	if !ok {
		panic("scenarios: the language is no object")
	}
	w := referenceWriter{seen: map[string]bool{}}
	file := Section{Title: "The file"}
	var below []Section
	for i := range root.keys {
		k := &root.keys[i]
		if k.later != "" {
			continue
		}
		file.Entries = append(file.Entries, w.entry(k, k.name, ""))
		part := Section{Title: k.name}
		w.below(&part, k.shape, k.name, "")
		if len(part.Entries) > 0 {
			below = append(below, part)
		}
	}
	all := append([]Section{file}, below...)
	for len(w.forms) > 0 { // a form may bring others
		form := w.forms[0]
		w.forms = w.forms[1:]
		part := Section{Title: form.name}
		for _, a := range form.cases {
			if a.later == "" {
				w.object(&part, a.object, "", a.word)
			}
		}
		all = append(all, part)
	}
	return all
}

// referenceWriter lists keys, and the forms that they name.
type referenceWriter struct {
	seen  map[string]bool
	forms []choice
}

// below lists the keys of a shape. Forms with a plain way to write them are told
// once, for themselves.
func (w *referenceWriter) below(into *Section, s shape, path, where string) {
	switch s := s.(type) {
	case object:
		w.object(into, s, path, where)
	case list:
		w.below(into, s.item, path+"[]", where)
	case choice:
		if s.value != nil {
			w.form(s)
			return
		}
		for _, a := range s.cases {
			if a.later == "" {
				w.object(into, a.object, path, a.word)
			}
		}
	case nestedDistribution:
		w.form(distribution)
	}
}

// form notes a form to be told later.
func (w *referenceWriter) form(c choice) {
	if !w.seen[c.name] {
		w.seen[c.name] = true
		w.forms = append(w.forms, c)
	}
}

func (w *referenceWriter) object(into *Section, o object, path, where string) {
	for i := range o.keys {
		k := &o.keys[i]
		if k.later != "" {
			continue
		}
		at := strings.TrimPrefix(path+"."+k.name, ".")
		into.Entries = append(into.Entries, w.entry(k, at, where))
		w.below(into, k.shape, at, where)
	}
}

func (w *referenceWriter) entry(k *key, path, where string) Entry {
	return Entry{
		Path: path, Where: where, Form: formOf(k.shape), Doc: k.doc, Default: k.standard, Source: k.source, Required: k.required,
	}
}

// formOf says what a shape takes.
func formOf(s shape) string {
	switch s := s.(type) {
	case object:
		return "keys, below"
	case list:
		return "a list"
	case choice:
		return s.name
	case nestedDistribution:
		return distribution.name
	case leaf:
		return s.name + ": " + s.example
	case positive:
		return s.name + " above zero: " + s.example
	case notNegative:
		return s.name + ", zero or more: " + s.example
	case word:
		return strings.Join(s.words(), ", ")
	case text:
		if s.identifier {
			return "a name"
		}
		return "text"
	default:
		return "a form of its own"
	}
}
