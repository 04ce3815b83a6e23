package scenarios

import "github.com/twinwrite/twinwrite/engine"

// Records are records of one map that are there before the run begins. Unless
// they are Linked they are older than the sync: no sync knows of them, and what
// differs stays so until somebody edits it, or an initial sync or a resync goes
// through the map.
type Records struct {
	Name      string    `key:"name"` // begins the names of the records
	Map       int       `key:"map"`  // index into Scenario.Maps
	Both      int       `key:"both"` // that both sides hold
	Differ    Share     `key:"differ"`
	FinOps    int       `key:"finops"`    // that finance & operations alone holds
	Dataverse int       `key:"dataverse"` // that Dataverse alone holds
	Linked    bool      `key:"linked"`    // as a sync left them: both sides know it
	Companies []string  `key:"companies"` // of a map by company, in turn; none: those of the whole scenario
	Contents  []Written `key:"contents"`
}

// Count returns how many records there are.
func (r *Records) Count() int { return r.Both + r.FinOps + r.Dataverse }

var recordsObject = object{name: "records", also: checkRecords, keys: []key{
	{name: "name", shape: name, required: true, doc: "begins the names of the records, for example old"},
	{name: "map", shape: composite(readMapName), required: true, doc: "the map that they are records of"},
	{name: "both", shape: leaf{whole(0, 2_000_000)}, standard: "0", source: "assumed: the sides do not know each other", doc: "how many both sides hold"},
	{name: "differ", shape: leaf{share}, standard: "0%", source: "assumed: what both sides hold is alike", doc: "how many of those on both sides differ in their plain data, for example 5%"},
	{name: "finops", shape: leaf{whole(0, 2_000_000)}, standard: "0", source: "assumed: nothing is there", doc: "how many finance & operations alone holds"},
	{name: "dataverse", shape: leaf{whole(0, 2_000_000)}, standard: "0", source: "assumed: nothing is there", doc: "how many Dataverse alone holds"},
	{name: "linked", shape: leaf{truth}, standard: "false", source: "assumed: they are older than the sync", doc: "true: as a sync left them, on both sides and alike"},
	{name: "companies", shape: composite(readTexts), standard: "[]", source: "assumed: those that traces and other records name, else DAT", doc: "the companies that they belong to, in turn: [USMF, DEMF]"},
	{name: "contents", shape: composite(readContents), doc: "what columns hold, in place of what these say: {status: [Open, Closed]}"},
}}

// checkRecords judges records by their map, and by what the other keys say.
func checkRecords(c *checker, _, n *node, path string) {
	number := func(k string) int {
		if v := n.get(k); v != nil {
			return as[int](v.value)
		}
		return 1 // it is wrong, and that was reported
	}
	if number("both")+number("finops")+number("dataverse") == 0 {
		c.fault(n, path, "write both: 100, finops: 100 or dataverse: 100", "records, and none on any side")
	}
	differ := n.get("differ")
	differs := differ != nil && as[Share](differ.value) > 0
	if differs && number("both") == 0 {
		c.fault(differ, join(path, "differ"), "add both: 100", "only records on both sides can differ")
	}
	if linked := n.get("linked"); linked != nil && linked.value == true {
		for k, others := range [...]bool{differs, number("finops") > 0, number("dataverse") > 0} {
			if of := [...]string{"differ", "finops", "dataverse"}[k]; others && n.get(of) != nil {
				c.fault(n.get(of), join(path, of), "remove it, or put these records into an item of their own", "a sync leaves records on both sides, and alike; %s speaks of others", of)
			}
		}
	}
	m := c.mapOf(n)
	if m == nil {
		return
	}
	if companies := n.get("companies"); companies != nil && len(companies.items) > 0 && !m.company {
		c.fault(companies, join(path, "companies"), "remove it", "the map %s has no company in its key", m.name)
	}
	contents := n.get("contents")
	c.resolveContents(contents, m, join(path, "contents"))
	if contents == nil {
		return
	}
	for _, w := range as[[]Written](contents.value) {
		if m.unique[w.Column] {
			c.fault(contents, join(path, "contents."+m.columns[w.Column]), "remove it; each record gets a value of its own", "%s is unique: two records cannot hold the same", quote(m.columns[w.Column]))
		}
	}
}

// Of returns how many records a side alone holds.
func (r *Records) Of(side engine.Side) int {
	if side == engine.FinOps {
		return r.FinOps
	}
	return r.Dataverse
}
