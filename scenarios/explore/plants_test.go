package explore

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// planted is a bug that is there at every pass.
type planted string

func (p planted) Hit(name string) bool { return name == string(p) }

// plantedIn are bugs and worlds in which the exploration finds them.
var plantedIn = []struct {
	bug   string
	world World
}{
	{engine.PlantAckBeforeSave, World{[2]Edit{{engine.FinOps, Create}, {engine.FinOps, Update}}, NoFault}},
	{engine.PlantUnconditionalWrite, World{[2]Edit{{engine.FinOps, Create}, {engine.Dataverse, Create}}, NoFault}},
	{engine.PlantNoLoopbackControl, World{[2]Edit{{engine.FinOps, Create}, {engine.FinOps, Update}}, NoFault}},
	{engine.PlantSeenStays, World{[2]Edit{{engine.FinOps, Create}, {engine.FinOps, UpdateOther}}, NoFault}},
	{engine.PlantLostNotSet, World{[2]Edit{{engine.FinOps, Create}, {engine.Dataverse, Create}}, NoFault}},
	{engine.PlantPrimaryInverted, World{[2]Edit{{engine.FinOps, Create}, {engine.Dataverse, Create}}, NoFault}},
	{engine.PlantRiderEarly, World{[2]Edit{{engine.FinOps, Create}, {engine.FinOps, UpdateOther}}, NoFault}},
	{engine.PlantUnjudgedSettled, World{[2]Edit{{engine.FinOps, Create}, {engine.FinOps, Update}}, NoFault}},
	{engine.PlantDeleteQueued, World{[2]Edit{{engine.FinOps, Create}, {engine.FinOps, Delete}}, NoFault}},
	{engine.PlantDeletedReturns, World{[2]Edit{{engine.FinOps, Update}, {engine.FinOps, Delete}}, NoFault}},
	{engine.PlantMarksAnew, World{[2]Edit{{engine.FinOps, Update}, {engine.FinOps, UpdateOther}}, NoFault}},
	{engine.PlantTimeoutIsDone, World{[2]Edit{{engine.FinOps, Update}, {engine.FinOps, Update}}, LateRequest}},
	{engine.PlantRetryUnread, World{[2]Edit{{engine.FinOps, Update}, {engine.Dataverse, Update}}, LostAnswer}},
	{engine.PlantCarriedAgain, World{[2]Edit{{engine.FinOps, Update}, {engine.FinOps, Update}}, LostAnswer}},
	{engine.PlantBackoffForEver, World{[2]Edit{{engine.FinOps, Delete}, {engine.Dataverse, Create}}, LostAnswer}},
	{engine.PlantRedelivered, World{[2]Edit{{engine.FinOps, Create}, {engine.Dataverse, Update}}, Crash}},
	{engine.PlantIntentUnsaved, World{[2]Edit{{engine.FinOps, Delete}, {engine.Dataverse, Create}}, Crash}},
	{engine.PlantNotRestored, World{[2]Edit{{engine.Dataverse, Delete}, {engine.FinOps, Create}}, Crash}},
}

// TestPlantedBugsAreFound plants bugs, and reads the stories of the shortest schedules
// that show them.
func TestPlantedBugsAreFound(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i, p := range plantedIn {
		if testing.Short() && i%3 != 0 {
			continue
		}
		r, err := Explore(t.Context(), p.world, Options{Bugs: planted(p.bug)})
		if err != nil {
			t.Fatal(err)
		}
		if r.Broken == nil {
			t.Errorf("%s is not found in: %v", p.bug, p.world)
			continue
		}
		fmt.Fprintf(&b, "%s\n%v\n%s: %s\n", p.bug, p.world, r.Broken.ID, r.Broken.Examples[0].Message)
		for n, what := range r.Story {
			fmt.Fprintf(&b, "%4d  %s\n", n+1, what)
		}
		b.WriteString("\n")
	}
	golden(t, "stories.txt", b.String())
}

// golden compares a text with a file of testdata, or with a part of it in a hurry.
// UPDATE_GOLDEN=1 renews the file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" && !testing.Short() {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (UPDATE_GOLDEN=1 writes it)", err)
	}
	for story := range strings.SplitSeq(got, "\n\n") {
		if !strings.Contains(string(text), story) {
			t.Errorf("%s does not hold this (UPDATE_GOLDEN=1 renews it):\n%s", path, story)
		}
	}
	if want := string(text); got != want && !testing.Short() {
		t.Errorf("%s has stories that are told no more", path)
	}
}
