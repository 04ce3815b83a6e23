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
}

// Setting is one of what is compared, with its results.
type Setting struct {
	Name string // "async"; unique in its comparison
	Set  *Set
}
