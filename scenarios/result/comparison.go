package result

// Comparison is several settings side by side: a scenario in several modes,
// several scenarios, or results of other days. Run i of each had the same draws
// as run i of the others where their seeds are the same.
type Comparison struct {
	Name         string
	Axis         string        // the setting that is meant to differ, as "engine.mode"; empty where whole scenarios are compared
	Settings     []Setting     // the first is what the others are compared with
	Expectations []Expectation // those that demand something of one setting beside another
	Command      string        // the one line that reproduces it

	Variants []Variant // what was tried for advice; nil: nothing was
	Assumed  []Assumed // the comparison under other values of assumptions
	Untried  []string  // what of this was left out, in sentences
}

// Setting is one of what is compared, with its results.
type Setting struct {
	Name string // "async"; unique in its comparison
	Set  *Set
}

// Variant is the setting that carries by async once more, with one decision taken
// otherwise. Its runs are the first of that setting's, with the same draws.
type Variant struct {
	What  string   // "primary", "sequence", "workers" or "batch"
	Name  string   // "Dataverse", "items before customers", "16"
	Maps  []string // whose changes it may touch
	Path  string   // of the setting that makes it
	Value string
	Set   *Set
}

// Assumed is a comparison once more, with fewer runs and another value of one
// assumption.
type Assumed struct {
	Path  string // of the assumption
	Value string // what the scenario has
	Other string // "16", "half"
	Under *Comparison
	Turns []Turn // of answers that it turns: where on the way to the other value
}

// Turn is where on the way between two values of an assumption one answer of the
// advice turns, as far as that was searched.
type Turn struct {
	About, What   string // the table map, or "all maps"; the decision
	Answer, Other string // as it is, and where it has turned
	From, To      string // the last value at which it is as it is, and the first at which it has turned
	Near          string // a value between the two, where they are near to each other
	Cut           bool   // they are not, because trials would have cost too much
}
