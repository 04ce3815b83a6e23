package check

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/internal/fault"
)

// TestStories tells two small cases: the golden files are what a person reads.
func TestStories(t *testing.T) {
	t.Parallel()
	one := func(at Span, side SideName, name string) Transaction {
		return Transaction{At: at, Side: side, Edits: []Edit{{Op: "upsert", Map: "parties", Key: "k1", Set: []Value{{Column: "name", To: name}}}}}
	}
	conflict := &Case{
		Schema: CaseSchema, Subject: "own", Setup: Setup{Maps: []string{"parties"}, Dataverse: SystemSetup{Offset: 90 * second}},
		Transactions: []Transaction{one(0, 0, "a"), one(2*second, 0, "b"), one(2*second+10*millisecond, 1, "c")},
		Faults:       []Fault{{Kind: "engine-crash", At: 2 * second, Point: "answer-before-save", Restart: 5 * second}},
	}
	for name, plan := range map[string]Plan{
		"conflict.txt":    {},
		"lost-update.txt": {Bugs: []fault.Point{{Name: "engine/write-without-condition", Terms: fault.Always}}},
	} {
		c := conflict.Clone()
		if name == "lost-update.txt" {
			c.Faults, c.Transactions[2].At = nil, 2*second+190*millisecond // between the engine's read and its write
		}
		broken, err := Broken(OwnSubject(), c, plan, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		story, err := Tell(OwnSubject(), c, plan, broken)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, story.Text())
	}
}

// golden compares with a file of testdata; UPDATE_GOLDEN renews it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", name, diff)
	}
}
