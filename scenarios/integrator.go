package scenarios

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
)

// Mode is who carries changes from one side to the other.
type Mode uint8

// The modes.
const (
	Async      Mode = iota // the engine, in the background
	Integrated             // the data integrator, on its schedule
	AllLive                // the engine, inside the users' transactions: every map is live
)

// String returns the mode as scenarios spell it.
func (m Mode) String() string { return [...]string{"async", "integrator", "live"}[m] }

// Integrator are the settings of the data integrator. They count in mode
// integrator; a file that has both can be run in either mode.
type Integrator struct {
	Interval  time.Duration            `key:"interval"`   // between two starts of a project
	Detection integrator.Method        `key:"detection"`  // how it finds what has changed
	Watermark integrator.Watermark     `key:"watermark"`  // by modified time: whose clock it goes by
	Overlap   time.Duration            `key:"overlap"`    // by modified time: how far it reaches back
	OnExpired integrator.ExpiredPolicy `key:"on-expired"` // by token
	Batch     int                      `key:"batch"`      // rows in one write request
	RowsMax   int                      `key:"rows-max"`   // rows of one run
	Projects  []Project                `key:"projects"`
}

// Project copies maps one way. Without any, there are two: one each way, half
// an interval apart, with all maps in the order of the file that have a column
// which flows so; a project without maps is left out.
type Project struct {
	Name   string        `key:"name"`
	From   engine.Side   `key:"from"`
	Maps   []int         `key:"maps"`   // by index in Scenario.Maps, in the order in which a run works on them
	Offset time.Duration `key:"offset"` // of its starts from the whole intervals
}

var integratorObject = object{
	name: "integrator",
	keys: []key{
		{
			name: "interval", shape: interval{}, standard: "15m", source: "assumed: the shortest that the product allows is 1m",
			doc: "how often each project runs",
		},
		{
			name: "detection", standard: "modified", source: "assumed: what scripts in the field do; the product does not tell",
			doc: "how a project finds what has changed: modified (time, against a watermark) or token (change tracking)",
			shape: word{name: "a way to find changes", choices: []meaning{
				{word: "modified", value: integrator.ByModified},
				{word: "token", value: integrator.ByToken},
			}},
		},
		{
			name: "watermark", standard: "own-clock", source: "assumed: what scripts in the field do; the product does not tell",
			doc: "where the watermark of detection by modified time comes from: own-clock, or newest-row (the source's clock)",
			shape: word{name: "an origin of watermarks", choices: []meaning{
				{word: "own-clock", value: integrator.OwnClock},
				{word: "newest-row", value: integrator.NewestRow},
			}},
		},
		{
			name: "overlap", shape: notNegative{timeSpan}, standard: "0s", source: "assumed: nobody reaches back who trusts his clock",
			doc: "how far detection by modified time reaches back before the watermark",
		},
		{
			name: "on-expired", standard: "copy-all", source: "assumed: the product does not tell",
			doc: "what a run does whose token is older than 7 days: copy-all, or refuse",
			shape: word{name: "a policy for expired tokens", choices: []meaning{
				{word: "copy-all", value: integrator.CopyAll},
				{word: "refuse", value: integrator.Refuse},
			}},
		},
		{
			name: "batch", shape: leaf{whole(1, 1000)}, standard: "100", source: "assumed: Dataverse takes up to 1,000",
			doc: "how many rows a write request holds",
		},
		{
			name: "rows-max", shape: leaf{whole(1, 500_000)}, standard: "500000", source: "documented: 500,000 rows for each execution of a project",
			doc: "how many rows one run may copy",
		},
		{
			name: "projects", shape: list{name: "project", named: "name", item: projectObject}, standard: "[]",
			source: "assumed: two, one each way, half an interval apart, with all maps that have a column that flows so",
			doc:    "what is copied: - {name: to-dataverse, from: finops, maps: [customers, invoices]}",
		},
	},
}

var projectObject = object{name: "a project", keys: []key{
	{name: "name", shape: name, required: true, doc: "its name, for example to-dataverse"},
	{name: "from", shape: sideWord, required: true, doc: "the side whose rows it copies: finops or dataverse"},
	{name: "maps", shape: readMaps("a project"), required: true, doc: "its maps, parents first: [customers, invoices, lines]"},
	{
		name: "offset", shape: notNegative{timeSpan}, standard: "0s", source: "assumed: all schedules are made on the hour",
		doc: "how long after each whole interval it starts",
	},
}}

// checkProjects lets projects copy only maps that carry something their way.
func checkProjects(c *checker, n *node) {
	for _, p := range items(n.get("integrator").get("projects")) {
		from, maps := p.get("from"), p.get("maps")
		if from == nil || maps == nil {
			continue
		}
		for _, v := range maps.items {
			if m := &c.maps[as[int](v.value)]; m.known && !m.leaves[as[engine.Side](from.value)] {
				c.fault(v, join(join("integrator.projects", p.name), "maps"), "remove it, or let a column flow the other way",
					"the map %s carries nothing from %s", m.name, from.text)
			}
		}
	}
}

// interval is the time between two starts of a project.
type interval struct{}

func (interval) check(c *checker, n *node, path string) *node {
	out := leaf{timeSpan}.check(c, n, path)
	if out != nil && as[time.Duration](out.value) < integrator.ShortestInterval {
		c.fault(n, path, "for example 5m", "%s is shorter than a minute, the shortest interval of the data integrator", out.text)
		return nil
	}
	return out
}

func (interval) part(n *node, segment string) (slot, error) { return leaf{timeSpan}.part(n, segment) }
