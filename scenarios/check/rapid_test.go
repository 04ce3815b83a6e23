package check_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinwrite/twinwrite/scenarios/check"
)

func TestRapidProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, check.Property(check.OwnSubject(), check.Plan{}))
}

func FuzzCases(f *testing.F) {
	for _, size := range fuzzed {
		f.Add(chance(size))
	}
	f.Fuzz(rapid.MakeFuzz(check.Property(check.OwnSubject(), check.Plan{})))
}

// fuzzed are sizes of a fuzzer's inputs, in bytes: the smallest that makes a case, and more.
var fuzzed = []int{32, 64, 1024}

// chance returns an input of a fuzzer's.
func chance(size int) []byte {
	input := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(size)}).Read(input) // it never fails
	return input
}

// TestFuzzerDrawsCases gives a fuzz target what a fuzzer may come up with. A target that
// can make no case of it is skipped, and go test counts that as passed.
func TestFuzzerDrawsCases(t *testing.T) {
	t.Parallel()
	inputs := [][]byte{make([]byte, 32), bytes.Repeat([]byte{0xff}, 40)}
	for _, size := range fuzzed {
		inputs = append(inputs, chance(size))
	}
	for i, input := range inputs {
		executed, events := 0, uint64(0)
		property := check.Property(check.OwnSubject(), check.Plan{Own: []check.Own{{ID: "seen", Broken: func(x *check.Execution) string {
			executed++
			events += x.Events
			return ""
		}}}})
		t.Run(fmt.Sprintf("%d: %d bytes", i, len(input)), func(t *testing.T) { rapid.MakeFuzz(property)(t, input) })
		if executed != 1 || events == 0 {
			t.Errorf("%d cases with %d events are executed of an input of %d bytes", executed, events, len(input))
		}
	}
}

// TestLongerInputsLeaveOutLess draws cases of the same seed: what there are no bytes for is
// left out, but for one transaction.
func TestLongerInputsLeaveOutLess(t *testing.T) {
	t.Parallel()
	var parts []int
	for _, size := range []int{32, 256, 4096} {
		rapid.MakeFuzz(func(r *rapid.T) {
			c := check.Drawn(check.OwnSubject()).Draw(r, "case")
			if len(c.Transactions) == 0 {
				t.Errorf("nobody edits anything in a case of %d bytes", size)
			}
			parts = append(parts, len(c.Faults)+len(c.Operations)+len(c.Transactions))
		})(t, bytes.Repeat([]byte{3, 5, 7}, size)[:size])
	}
	if len(parts) != 3 || parts[0] != 1 || parts[1] <= parts[0] || parts[2] <= parts[1] {
		t.Errorf("the cases have %d parts", parts)
	}
}

// TestRapidMakesCasesSmall breaks a property of nearly every case, with rapid's own
// shrinking: it leaves out all but what breaks it.
func TestRapidMakesCasesSmall(t *testing.T) {
	t.Chdir(t.TempDir()) // rapid keeps what fails
	named := check.Plan{Own: []check.Own{{ID: "named", Contract: "nobody is called d", Broken: func(x *check.Execution) string {
		for _, line := range x.Data {
			if strings.Contains(line, `name="d"`) {
				return line
			}
		}
		return ""
	}}}}
	told := &failures{TB: t}
	func() {
		defer func() { _ = recover() }() // what would end a test
		rapid.Check(told, check.Property(contacts(), named))
	}()
	if len(told.texts) == 0 {
		t.Fatal("nobody is called d")
	}
	text := strings.Join(told.texts, "\n")
	var c check.Case
	if err := json.NewDecoder(strings.NewReader(text[strings.Index(text, "{"):])).Decode(&c); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	if len(c.Transactions) > 2 || len(c.Faults)+len(c.Operations) > 0 {
		t.Errorf("this is small:\n%s", c.Encode())
	}
}
