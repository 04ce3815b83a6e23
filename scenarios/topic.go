package scenarios

import (
	"embed"
	"path"
	"slices"
	"strings"
)

// Topic is something that the language has, for lists that people read.
type Topic struct{ Name, Doc string }

// FaultKinds lists the kinds of faults, in the order of the language.
func FaultKinds() []Topic {
	var all []Topic
	for _, a := range faultChoice.cases {
		if a.later == "" {
			all = append(all, Topic{a.word, a.object.find("kind").doc})
		}
	}
	return all
}

// Default is a setting that a scenario need not give.
type Default struct{ Path, Value, Source string }

// Defaults lists the defaults of the language, by path. A star stands for the
// name of an item.
func Defaults() []Default {
	var all []Default
	var visit func(s shape, path string)
	visit = func(s shape, path string) {
		switch s := s.(type) {
		case object:
			for i := range s.keys {
				k := &s.keys[i]
				below := join(path, k.name)
				if k.standard != "" && k.standard != "{}" {
					all = append(all, Default{below, k.standard, k.source})
				}
				visit(k.shape, below)
			}
		case list:
			visit(s.item, join(path, "*"))
		case choice:
			for _, a := range s.cases {
				visit(a.object, path)
			}
		}
	}
	visit(schema, "")
	slices.SortStableFunc(all, func(a, b Default) int { return strings.Compare(a.Path, b.Path) })
	return slices.Compact(all) // cases of a choice may share a default
}

//go:embed starters/*.yaml
var starters embed.FS

// Starters lists the scenarios that a new file can begin with, each with the
// first line of its comment.
func Starters() []Topic {
	files, err := starters.ReadDir("starters")
	if err != nil {
		panic(err)
	}
	var all []Topic
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".yaml")
		first, _, _ := strings.Cut(string(Starter(name)), "\n")
		all = append(all, Topic{name, strings.TrimPrefix(first, "# ")})
	}
	return all
}

// Starter returns the text of a starter; nil when there is none of the name.
func Starter(name string) []byte {
	src, err := starters.ReadFile(path.Join("starters", name+".yaml"))
	if err != nil {
		return nil
	}
	return src
}
