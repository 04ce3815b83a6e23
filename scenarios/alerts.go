package scenarios

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// Alert watches the failures of a job: Count of them Within a span raise it, and
// it counts anew then.
type Alert struct {
	Name    string             `key:"name"`
	Classes []engine.Class     `key:"classes"`
	Count   int                `key:"count"`
	Within  time.Duration      `key:"within"`
	Action  engine.AlertAction `key:"action"`
}

var alertObject = object{name: "an alert", keys: []key{
	{name: "name", shape: name, doc: "its name in paths"},
	{
		name: "classes", shape: composite(readClasses), standard: "[application]", source: "documented: the example of an alert counts application errors",
		doc: "the failures that count: application, system, concurrency and conflict",
	},
	{name: "count", shape: leaf{whole(1, 1_000_000)}, standard: "10", source: "documented: the example of an alert is raised by 10 errors", doc: "so many failures raise it"},
	{name: "within", shape: positive{timeSpan}, standard: "15m", source: "documented: the example of an alert counts within 15 minutes", doc: "... within so long"},
	{
		name: "action", standard: "notify", source: "assumed: people decide; the documented example pauses",
		doc: "what is done besides telling people: notify (nothing), pause or stop (the job)",
		shape: word{name: "an action", choices: []meaning{
			{word: "notify", value: engine.Notify},
			{word: "pause", value: engine.PauseOnAlert},
			{word: "stop", value: engine.StopOnAlert},
		}},
	},
}}

// failureWord is a class of failures.
var failureWord = word{name: "a class of failures", choices: []meaning{
	{word: engine.ApplicationFailure.String(), value: engine.ApplicationFailure},
	{word: engine.SystemFailure.String(), value: engine.SystemFailure},
	{word: engine.ConcurrencyFailure.String(), value: engine.ConcurrencyFailure},
	{word: engine.ConflictFailure.String(), value: engine.ConflictFailure},
}}

// readClasses reads the classes that an alert counts.
func readClasses(c *checker, n *node, path string) *node {
	out := readEach(c, n, path, failureWord.check)
	if out == nil {
		return nil
	}
	if len(n.items) == 0 {
		c.fault(n, path, "write [application]", "an alert that counts nothing")
		return nil
	}
	classes := make([]engine.Class, len(out.items))
	for i, v := range out.items {
		classes[i] = as[engine.Class](v.value)
	}
	out.value = classes
	return out
}
