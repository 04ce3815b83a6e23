package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/catalog"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/plots"
	"github.com/twinwrite/twinwrite/reports/tables"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/check"
	"github.com/twinwrite/twinwrite/scenarios/expect"
)

// docs is where the documents are, from here.
const docs = "../../docs"

// generated are the pages of the reference that are made from the program.
var generated = map[string]func() string{
	"scenario.md":    scenarioPage,
	"metrics.md":     metricsPage,
	"properties.md":  propertiesPage,
	"assumptions.md": assumptionsPage,
	"exit-codes.md":  exitCodesPage,
}

// TestReferenceIsCurrent compares the generated pages with the program that they
// describe. UPDATE_GOLDEN=1 writes them.
func TestReferenceIsCurrent(t *testing.T) {
	t.Parallel()
	for name, page := range generated {
		path, want := filepath.Join(docs, "reference", name), page()
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s is not what the program is: UPDATE_GOLDEN=1 go test ./cmd/twinwrite -run Reference writes it", path)
		}
	}
}

// TestPictureIsCurrent draws the case whose picture the README shows.
func TestPictureIsCurrent(t *testing.T) {
	t.Parallel()
	c, err := check.ReadCase(filepath.Join(docs, "images", "conflict.json"))
	if err != nil {
		t.Fatal(err)
	}
	broken, err := check.Broken(check.OwnSubject(), c, check.Plan{}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	story, err := check.Tell(check.OwnSubject(), c, check.Plan{}, broken)
	if err != nil {
		t.Fatal(err)
	}
	if story.Broken != nil {
		t.Errorf("the README shows a case that is broken: %s", story.Breach())
	}
	story.Title = "One record, both sides at once"
	path := filepath.Join(docs, "images", "conflict.svg")
	var drawn strings.Builder
	if err := plots.Lanes(&story.History).WriteSVG(&drawn); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(drawn.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != drawn.String() {
		t.Errorf("%s is not what the case gives (%v): UPDATE_GOLDEN=1 go test ./cmd/twinwrite -run Picture draws it", path, err)
	}
}

// made begins a generated page.
func made(title, about string) *strings.Builder {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n<!-- Made by `UPDATE_GOLDEN=1 go test ./cmd/twinwrite -run Reference`; a test keeps it current. -->\n\n%s\n", title, about)
	return &b
}

func rows(b *strings.Builder, head []string, list [][]string) {
	t := tables.Table{Head: head}
	for _, r := range list {
		cells := []any{}
		for _, c := range r {
			cells = append(cells, c)
		}
		t.Rows = append(t.Rows, cells)
	}
	b.WriteString("\n")
	_ = t.Write(b, "markdown") // a builder takes everything
}

func scenarioPage() string {
	b := made("The scenario file", "Every key of the language, in the order of the file. A quantity has a unit. `twinwrite init` writes a file to begin with, `twinwrite validate FILE` says all that is wrong with one, `twinwrite schema` prints a JSON Schema for editors. A path as it stands here, with the items' names in place of `[]`, is what `--set` and sweeps take: `faults.down.at`.")
	for _, s := range scenarios.Reference() {
		fmt.Fprintf(b, "\n## %s\n", s.Title)
		head := []string{"key", "what it is", "takes", "if not given"}
		cases := slices.ContainsFunc(s.Entries, func(e scenarios.Entry) bool { return e.Where != "" })
		if cases {
			head = slices.Insert(head, 1, "with")
		}
		var list [][]string
		for _, e := range s.Entries {
			standard := e.Default
			switch {
			case e.Required:
				standard = "is required"
			case e.Source != "":
				standard += " (" + e.Source + ")"
			}
			row := []string{e.Path, e.Doc, e.Form, standard}
			if cases {
				row = slices.Insert(row, 1, e.Where)
			}
			list = append(list, row)
		}
		rows(b, head, list)
	}
	b.WriteString("\n## Kinds of faults\n")
	var list [][]string
	for _, f := range scenarios.FaultKinds() {
		list = append(list, []string{f.Name, f.Doc})
	}
	rows(b, []string{"kind", "what breaks"}, list)
	return b.String()
}

func metricsPage() string {
	b := made("Metrics", "What expectations are about: `AGGREGATE(metric{label=value}) OPERATOR quantity`, as in `p99(convergence{map=invoices}) < 5m`. See [statistics](../statistics.md) for how a verdict is reached over runs.")
	var list [][]string
	for _, m := range expect.Metrics() {
		list = append(list, []string{m.Name, m.Doc, strings.Join(m.Labels, ", "), strings.Join(m.Aggregates(), ", ")})
	}
	rows(b, []string{"metric", "what it is", "labels", "aggregates"}, list)
	return b.String()
}

func propertiesPage() string {
	b := made("Properties", "The contracts that an observer checks throughout every run and every case of `twinwrite check`. It knows true time and every write, and shares no code with the engine. Which of them a run lists depends on its configuration. A breach is exit code 3.")
	var list [][]string
	for _, c := range oracle.Contracts() {
		list = append(list, []string{c.ID, findings.Plain(c.ID), c.Text})
	}
	rows(b, []string{"property", "in plain words", "contract"}, list)
	b.WriteString("\n## Of `twinwrite check` alone\n\nWhat it judges besides. Some of these compare two executions of a case, with something changed that must not matter.\n")
	list = nil
	for _, c := range check.Contracts() {
		list = append(list, []string{c.ID, c.Text})
	}
	rows(b, []string{"property", "contract"}, list)
	b.WriteString("\n## Planted bugs\n\n`--failpoint name[=terms]` plants a bug, to see that a property catches it; `twinwrite run --help` lists the names. " + strings.ReplaceAll(terms, third, "`"+third+"`") + " Terms follow each other with `->`; each is `off` or `return(true)`, with a number of passes and a star before it, or without for all that come.\n")
	b.WriteString("\n## Outcomes\n\nHow a change ends, and why. `twinwrite outcomes` counts them.\n")
	classes, reasons := engine.Outcomes()
	var words []string
	for _, c := range classes {
		words = append(words, c.String())
	}
	fmt.Fprintf(b, "\nClasses: %s.\n", strings.Join(words, ", "))
	words = nil
	for _, r := range reasons {
		if r != engine.NoReason {
			words = append(words, r.String())
		}
	}
	fmt.Fprintf(b, "\nReasons: %s.\n", strings.Join(words, ", "))
	return b.String()
}

func assumptionsPage() string {
	b := made("What the model assumes", "The numbers of the real systems that the program knows: documented (with the source), derived from what is documented, or assumed where nothing is published. A conclusion that hangs on an assumed one deserves a measurement of your own environment: `twinwrite sweep FILE --tornado` finds which do. `twinwrite catalog assumptions NAME` tells more of each.")
	all := catalog.Parameters()
	slices.SortStableFunc(all, func(a, b catalog.Parameter) int { return cmp.Compare(a.Basis, b.Basis) })
	var list [][]string
	used := map[string]bool{}
	for _, p := range all {
		said := p.Rule
		if p.Value != "" {
			said = strings.TrimSpace(p.Value + " " + p.Unit)
		}
		for _, s := range p.Sources {
			used[s] = true
		}
		list = append(list, []string{p.Basis.String(), p.Name, p.Title, cmp.Or(said, "not published"), strings.Join(p.Paths, ", "), strings.Join(append(slices.Clone(p.Sources), p.Doubts...), "; ")})
	}
	rows(b, []string{"basis", "name", "what it is", "value", "in a scenario", "sources and doubts"}, list)
	b.WriteString("\n## Defaults of the language\n")
	list = nil
	for _, d := range scenarios.Defaults() {
		list = append(list, []string{d.Path, d.Value, d.Source})
	}
	rows(b, []string{"setting", "default", "where it comes from"}, list)
	b.WriteString("\n## Sources\n")
	list = nil
	for _, s := range catalog.Standard().Sources {
		if used[s.Name] {
			list = append(list, []string{s.Name, s.Title, s.Where})
		}
	}
	rows(b, []string{"name", "title", "where"}, list)
	return b.String()
}

func exitCodesPage() string {
	b := made("Exit codes", "What `twinwrite` ends with. When several apply, the first of this list counts: "+urgencyText()+". `go run` turns every failure into 1: scripts and continuous integration use the built binary.")
	var list [][]string
	for _, e := range exitMeanings {
		list = append(list, []string{fmt.Sprint(e.code), e.means, e.whatNow})
	}
	rows(b, []string{"code", "means", "what to do"}, list)
	return b.String()
}

func urgencyText() string {
	var list []string
	for _, c := range urgency {
		list = append(list, fmt.Sprint(c))
	}
	return strings.Join(list, ", ")
}

// TestTutorial runs every command of the tutorial, page after page in one folder,
// and looks for every line that the pages show of their output.
func TestTutorial(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs and compares whole days, which takes minutes under the race detector")
	}
	pages, err := filepath.Glob(filepath.Join(docs, "tutorial", "*.md"))
	if err != nil || len(pages) != 5 {
		t.Fatalf("the tutorial has %d pages (%v)", len(pages), err)
	}
	script, commands := "# What else a command leaves in that folder is in no pattern's way.\nmkdir runs/month-end-compare-1a2b3c4d runs/hot-customer-sweep-1a2b3c4d\n", 0
	for _, path := range pages {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, n, err := scriptOf(string(text))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if n == 0 {
			t.Errorf("%s shows no command", path)
		}
		script += "# " + filepath.Base(path) + "\n" + s
		commands += n
	}
	if commands < 15 {
		t.Errorf("the tutorial shows %d commands", commands)
	}
	file := filepath.Join(t.TempDir(), "tutorial.txtar")
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files: []string{file},
		Cmds:  map[string]func(*testscript.TestScript, bool, []string){"shown": shown},
	})
}

var (
	block  = regexp.MustCompile("(?s)```(sh|text|yaml)([^\n]*)\n(.*?)```")
	ending = regexp.MustCompile(`\s+# exits with (\d+).*$`)
	remark = regexp.MustCompile(`\s+# .*$`)
)

// scriptOf turns the commands of a page, and what it shows of their output, into
// a script. A command may end with '# exits with N'; what is shown may leave out
// lines and parts of lines, as '…'.
func scriptOf(page string) (script string, commands int, err error) {
	var b strings.Builder
	for _, m := range block.FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(m[3]) {
			line = strings.TrimRight(line, "\n")
			switch {
			case strings.TrimSpace(line) == "" || strings.Trim(line, " …") == "":
			case m[1] == "text":
				parts := strings.Split(strings.TrimSpace(line), "…")
				for i := range parts {
					parts[i] = regexp.QuoteMeta(strings.TrimSpace(parts[i]))
				}
				b.WriteString("stdout " + apostrophes(strings.Join(parts, ".*")) + "\n")
			case m[1] == "sh":
				code := "0"
				if e := ending.FindStringSubmatch(line); e != nil {
					code = e[1]
				}
				words := unquote(remark.ReplaceAllString(line, ""))
				if len(words) == 0 || words[0] != "twinwrite" {
					return "", 0, fmt.Errorf("%q is no command of twinwrite", line)
				}
				for i := range words {
					words[i] = apostrophes(words[i])
				}
				b.WriteString("shown " + code + " " + strings.Join(words, " ") + "\n")
				commands++
			}
		}
	}
	return b.String(), commands, nil
}

// apostrophes quotes a word for a script.
func apostrophes(word string) string { return "'" + strings.ReplaceAll(word, "'", "''") + "'" }

// shown runs a command as a page shows it: shown CODE COMMAND ARGUMENT ..., with
// paths that have a pattern in place of a hash. It must match one path only.
func shown(ts *testscript.TestScript, neg bool, args []string) {
	for i, a := range args {
		if !strings.HasPrefix(a, "runs/") || !strings.ContainsAny(a, "*?") {
			continue
		}
		matches, err := filepath.Glob(ts.MkAbs(a))
		if err != nil || len(matches) != 1 {
			ts.Fatalf("%s matches %d paths (%v)", a, len(matches), err)
		}
		rel, err := filepath.Rel(ts.MkAbs("."), matches[0])
		ts.Check(err)
		args[i] = rel
	}
	exits(ts, neg, args)
}

// TestLinks follows the links of every document to files of this house.
func TestLinks(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)
	pages := []string{"../../README.md", "../../ARCHITECTURE.md", "../../CONTRIBUTING.md"}
	for _, pattern := range []string{"*.md", "*/*.md"} {
		found, err := filepath.Glob(filepath.Join(docs, pattern))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	followed := 0
	for _, path := range pages {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			followed++
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s leads to %s: %v", path, m[1], err)
			}
		}
	}
	if followed < 15 {
		t.Errorf("only %d links were followed", followed)
	}
}
