package check

import (
	"reflect"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/oracle"
)

// TestRepeatedSeesEverything changes one thing of an execution at a time: its verdicts, and
// each part of its result.
func TestRepeatedSeesEverything(t *testing.T) {
	t.Parallel()
	c := Generate(OwnSubject(), KeyedDice(1, 1))
	if difference := repeated(execute(t, c, Plan{}), execute(t, c, Plan{})); difference != "" {
		t.Fatal(difference)
	}
	for what, change := range map[string]func(*Execution){
		"judged":          func(x *Execution) { x.Properties[0].Verdict = oracle.Fail },
		"checks":          func(x *Execution) { x.Properties[0].Checked++ },
		"properties":      func(x *Execution) { x.Properties = x.Properties[:1] },
		"the digests":     func(x *Execution) { x.Digest++ },
		"second run ends": func(x *Execution) { x.Data = append(x.Data, "more") },
		"rule":            func(x *Execution) { x.Broken = "all" },
	} {
		x := execute(t, c, Plan{})
		change(x)
		if difference := repeated(execute(t, c, Plan{}), x); !strings.Contains(difference, what) {
			t.Errorf("%s: %q", what, difference)
		}
	}
	for part := range reflect.TypeFor[model.Result]().Fields() {
		x := execute(t, c, Plan{})
		other := reflect.ValueOf(&x.Result).Elem().FieldByIndex(part.Index)
		if other.SetZero(); reflect.DeepEqual(other.Interface(), reflect.ValueOf(execute(t, c, Plan{}).Result).FieldByIndex(part.Index).Interface()) {
			continue // the case has nothing of that
		}
		if repeated(execute(t, c, Plan{}), x) == "" {
			t.Errorf("another %s went unseen", part.Name)
		}
	}
}

// TestCasesAreComparedOneByOne draws which cases are executed again: as many as are asked
// for, and each by itself, whatever the cases before it were.
func TestCasesAreComparedOneByOne(t *testing.T) {
	t.Parallel()
	s := search{Campaign: Campaign{Seed: 1, Twins: 100}}
	one, both := 0, 0
	for number := range 10_000 {
		if s.again(number) {
			one++
			if s.again(number + 1) {
				both++
			}
		}
	}
	if one < 910 || one > 1090 || both < 70 || both > 130 { // 1,000 and 100, and three times their deviations
		t.Errorf("of 10,000 cases %d are compared, and %d with their next", one, both)
	}
}
