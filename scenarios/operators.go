package scenarios

import (
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// Operation is what an operator asks of the engine at a time of the timetable.
// Which fields count depends on Do.
type Operation struct {
	Name    string             `key:"name"`
	At      time.Duration      `key:"at"`
	Do      engine.CommandKind `key:"do"`
	Job     string             `key:"job"`
	How     engine.ResumeHow   `key:"how"`     // ResumeJob
	Maps    []int              `key:"maps"`    // RetryParked, DismissParked, ResyncMaps, CompareMaps; none: every map of the job
	Company string             `key:"company"` // ... of them; empty: every one
	Side    *engine.Side       `key:"side"`    // RetryParked, DismissParked: of origin; nil: both
	Class   engine.Class       `key:"class"`   // ... Open: application and system failures
	Since   time.Duration      `key:"since"`   // ... of what has failed at this time or later; 0: at any
	Before  time.Duration      `key:"before"`  // ... and before this one; 0: at any

	InitialSync   []InitialSync `key:"initial-sync"`  // StartJob; see [Scenario.Copied]
	Prerequisites bool          `key:"prerequisites"` // StartJob
}

var operationChoice = choice{
	name: "an operation",
	by:   "do",
	cases: []alternative{
		operation(engine.PauseJob, "the job carries nothing; changes queue up"),
		operation(engine.ResumeJob, "the job goes on after a pause", key{
			name: "how", standard: "catch-up", source: "documented: a job that resumes works off what has queued up",
			doc: "what becomes of what queued up: catch-up, skip-and-keep (on the error desk) or skip-and-forget",
			shape: word{name: "a way to resume", choices: []meaning{
				{word: "catch-up", value: engine.CatchUp},
				{word: "skip-and-keep", value: engine.SkipAndKeep},
				{word: "skip-and-forget", value: engine.SkipAndForget},
			}},
		}),
		operation(engine.RetryParked, "what is on the error desk runs again", deskFilter...),
		operation(engine.DismissParked, "what is on the error desk is ended for ever", deskFilter...),
		operation(engine.StopJob, "what is under way ends and nothing is captured any more; the queue stays, until the job starts again"),
		operation(engine.StartJob, "a job that is stopped starts, with an initial sync or without", initialSyncKeys...),
		operation(engine.ResyncMaps, "both sides are compared, and what differs is carried", recordFilter...),
		operation(engine.CompareMaps, "both sides are compared, and what differs is listed", recordFilter...),
	},
}

// recordFilter says which records a request is about.
var recordFilter = []key{
	{name: "maps", shape: readMaps("a request"), doc: "of these maps of the job; all if not given"},
	{name: "company", shape: text{bytesMax: nameBytesMax}, doc: "of this company; all if not given"},
}

// deskFilter says which records of the error desk a request is about.
var deskFilter = append(slices.Clone(recordFilter), []key{
	{name: "side", shape: sideWord, doc: "of changes made on this side; both if not given"},
	{
		name: "class", doc: "of this class: application or system; both if not given",
		shape: word{name: "a class of failures", choices: []meaning{
			{word: "application", value: engine.ApplicationFailure},
			{word: "system", value: engine.SystemFailure},
		}},
	},
	{name: "since", shape: composite(readMoment), doc: "of what has failed at this time or later, by the engine's clock, for example 14:00; at any if not given"},
	{name: "before", shape: composite(readMoment), doc: "of what has failed before this time; at any if not given"},
}...)

// operation is one thing that an operator can ask for.
func operation(do engine.CommandKind, doc string, keys ...key) alternative {
	return alternative{word: do.String(), object: object{
		name: "the operation " + do.String(),
		keys: append([]key{
			{name: "name", shape: name, doc: "its name in paths"},
			{name: "at", shape: composite(readMoment), required: true, doc: "when, for example 3h or 14:35"},
			{
				name: "do", required: true, doc: doc,
				shape: word{name: do.String(), choices: []meaning{{word: do.String(), value: do}}},
			},
			{name: "job", shape: name, required: true, doc: "the job that it is about, for example billing"},
		}, keys...),
	}}
}

// checkOperators lets operations name jobs that there are, and maps of theirs.
func checkOperators(c *checker, n *node) {
	operators, jobs := n.get("operators"), n.get("jobs")
	if operators == nil || jobs == nil {
		return
	}
	var names []string
	for _, j := range jobs.items {
		names = append(names, j.name)
	}
	for _, o := range operators.items {
		job := o.get("job")
		if job == nil {
			continue
		}
		path := join("operators", o.name)
		i := slices.Index(names, job.text)
		if i < 0 {
			c.fault(job, join(path, "job"), c.errs.didYouMean(job.text, names), "there is no job %s", quote(job.text))
			continue
		}
		maps, carried := o.get("maps"), jobs.items[i].get("sequence")
		c.checkInitialSync(o, carried, job.text, join(path, "initial-sync"))
		if maps == nil || carried == nil {
			continue
		}
		for _, m := range maps.items {
			if !slices.ContainsFunc(carried.items, func(of *node) bool { return of.text == m.text }) {
				c.fault(m, join(path, "maps"), "name maps of the job, or another job", "the map %s is not in the job %s", m.text, job.text)
			}
		}
	}
}
