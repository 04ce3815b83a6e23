package explore

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// figuresFile holds what is pinned of each world.
const figuresFile = "testdata/worlds.txt"

// figure is what is pinned of a world: how many states it has, how many of them are
// ends, and how many schedules lead there. The last does not hang on what counts as a
// state: while it stands, the same can happen as before.
func figure(r *Result) string {
	schedules := "endless"
	if r.Schedules != nil {
		schedules = r.Schedules.String()
	}
	return fmt.Sprintf("%d\t%d\t%s", r.States, r.Ends, schedules)
}

// pinned reads the figures of all worlds.
func pinned(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(figuresFile))
	if err != nil {
		t.Fatalf("%v (UPDATE_GOLDEN=1 make soak writes it)", err)
	}
	figures := map[string]string{}
	for line := range strings.Lines(string(text)) {
		words := strings.Split(strings.TrimSpace(line), "|")
		for i := range words {
			words[i] = strings.TrimSpace(words[i])
		}
		if len(words) == 4 && words[0] != "world" {
			figures[words[0]] = strings.Join(words[1:], "\t")
		}
	}
	return figures
}

// pin writes the figures of all worlds.
func pin(t *testing.T, figures map[string]string) {
	t.Helper()
	var b strings.Builder
	line := func(world string, figure ...string) {
		fmt.Fprintf(&b, "%-62s | %7s | %5s | %s\n", world, figure[0], figure[1], figure[2])
	}
	line("world", "states", "ends", "schedules")
	for _, w := range Worlds() {
		if f := figures[w.String()]; f != "" {
			line(w.String(), strings.Split(f, "\t")...)
		}
	}
	if err := os.WriteFile(filepath.FromSlash(figuresFile), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// soaking reports whether this is a soak, which looks at all worlds.
func soaking() bool { return os.Getenv("RAPID_CHECKS") != "" }

// smallCrash is a world with a crash that is small enough for every test.
var smallCrash = World{Edits: [2]Edit{{engine.FinOps, Delete}, {engine.Dataverse, Create}}, Fault: Crash}

// few are the worlds that a test looks at: all of them in a soak; else those without a
// fault and a part of the others, and in a hurry less.
func few() (list []World) {
	for i, w := range Worlds() {
		switch {
		case soaking():
		case testing.Short() && (w.Fault != NoFault || i%5 != 0):
			continue
		case w.Fault == Crash && w != smallCrash, w.Fault != NoFault && w.Fault != Crash && i%7 != 0:
			continue
		}
		list = append(list, w)
	}
	return list
}

// TestWorlds looks at every schedule of every world. None may break a property, and
// how many states there are is pinned: a figure may change with the engine, with the
// systems or with what counts as a state, and whoever changes it says why.
func TestWorlds(t *testing.T) {
	t.Parallel()
	worlds := few()
	want := pinned(t)
	var mu sync.Mutex
	for _, w := range worlds {
		t.Run(w.String(), func(t *testing.T) {
			t.Parallel()
			r, err := Explore(t.Context(), w, Options{})
			switch {
			case err != nil:
				t.Fatal(err)
			case r.Broken != nil:
				t.Fatalf("%v\n%s", r.Broken, strings.Join(r.Story, "\n"))
			case r.Ends == 0:
				t.Error("nothing is ever over")
			}
			mu.Lock()
			defer mu.Unlock()
			if os.Getenv("UPDATE_GOLDEN") != "" {
				want[w.String()] = figure(&r)
				pin(t, want)
			} else if got := figure(&r); got != want[w.String()] {
				t.Errorf("states, ends and schedules are %s, and pinned are %s", got, want[w.String()])
			}
		})
	}
}

// TestBothEditsCanCome makes sure that in each world both edits come to their ends in
// some schedule.
func TestBothEditsCanCome(t *testing.T) {
	t.Parallel()
	for _, w := range Worlds() {
		if w.Fault != NoFault || testing.Short() && w.Edits[0].Side != w.Edits[1].Side {
			continue
		}
		both := false
		e := newExplorer(w, Options{})
		e.ends = func(_ uint64, s *stage) { both = both || s.edits == 2 && s.refused == 0 }
		if err := e.search(t.Context()); err != nil {
			t.Fatal(err)
		}
		if both == slices.Contains(neverBoth, w.String()) {
			t.Errorf("%v: both edits commit in some schedule: %v", w, both)
		}
	}
}

// neverBoth are worlds in which one of the two users is always told that he has failed:
// nobody can edit on one side what was deleted on the other but while that delete is
// under way, and then either the record is gone before he gets it, or the delete is
// refused because primary holds a change that the other side has not seen.
var neverBoth = []string{
	"finops delete, dataverse delete; no fault",
	"dataverse delete, finops delete; no fault",
	"dataverse delete, finops update; no fault",
	"dataverse delete, finops update other; no fault",
}
