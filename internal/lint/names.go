package lint

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"unicode"
)

// comments asks for a package comment in every package.
func comments(s *source) []finding {
	type state struct {
		first     *file
		want      string
		commented bool
	}
	packages := map[string]*state{}
	var dirs []string
	for _, f := range s.files {
		if f.test {
			continue
		}
		p := packages[f.dir]
		if p == nil {
			p = &state{first: f, want: "Package " + f.Name.Name + " "}
			if f.Name.Name == "main" {
				p.want = "Command " + path.Base(f.dir) + " "
			}
			packages[f.dir] = p
			dirs = append(dirs, f.dir)
		}
		p.commented = p.commented || f.Doc != nil && strings.HasPrefix(strings.ReplaceAll(f.Doc.Text(), "\n", " "), p.want)
	}
	var found []finding
	for _, dir := range dirs {
		if p := packages[dir]; !p.commented {
			found = append(found, s.find(p.first, p.first.Package, "comment", "no file of this folder has a comment before its package clause that begins %q: say what the package is for and which type to look at first", p.want))
		}
	}
	return found
}

// vague are package names that say nothing of what is inside.
var vague = []string{"base", "common", "helper", "helpers", "lib", "misc", "shared", "types", "util", "utils"}

// packageNames refuses vague package names and folders.
func packageNames(s *source) []finding {
	var found []finding
	for _, f := range s.files {
		for _, name := range []string{strings.TrimSuffix(f.Name.Name, "_test"), path.Base(f.dir)} {
			if slices.Contains(vague, name) {
				found = append(found, s.find(f, f.Package, "name", "a package is named by one noun for what it holds; %q holds anything", name))
				break
			}
		}
	}
	return found
}

// forbidden maps words that the glossary replaces to the word to use. Only
// words that mean nothing else here are listed: "node", "link" or "order" have
// honest uses in a kernel or in a business document.
var forbidden = map[string]string{
	"admin":    "error desk",
	"chaos":    "fault",
	"etag":     "version",
	"lag":      "convergence time",
	"leased":   "in flight",
	"master":   "primary",
	"peer":     "side",
	"pingback": "echo",
	"preset":   "template",
	"replica":  "side",
	"rng":      "stream",
	"tenant":   "company",
}

// glossary refuses forbidden words in exported identifiers of the rooms that
// carry the product's language.
func glossary(s *source) []finding {
	var found []finding
	for _, f := range s.files {
		if f.test || !within(f.dir, "engine") && !within(f.dir, "model") && !within(f.dir, "scenarios") {
			continue
		}
		exported := func(id *ast.Ident) {
			if id == nil || !id.IsExported() {
				return
			}
			for _, word := range words(id.Name) {
				for _, w := range []string{word, strings.TrimSuffix(word, "s")} {
					if use, ok := forbidden[w]; ok {
						found = append(found, s.find(f, id.Pos(), "glossary", "%s says %q; this project's word is %q (docs/glossary.md)", id.Name, w, use))
						break
					}
				}
			}
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				exported(n.Name)
				return false // names inside a function are its own affair
			case *ast.TypeSpec:
				exported(n.Name)
			case *ast.ValueSpec:
				for _, id := range n.Names {
					exported(id)
				}
			case *ast.Field:
				for _, id := range n.Names {
					exported(id)
				}
			}
			return true
		})
	}
	return found
}

// words splits a CamelCase name: "HTTPLagMax" is http, lag, max.
func words(name string) []string {
	var all []string
	runes := []rune(name)
	start := 0
	for i := 1; i <= len(runes); i++ {
		end := i == len(runes) || runes[i] == '_' ||
			unicode.IsUpper(runes[i]) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if end {
			if word := strings.Trim(strings.ToLower(string(runes[start:i])), "_"); word != "" {
				all = append(all, word)
			}
			start = i
		}
	}
	return all
}
