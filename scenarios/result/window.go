package result

import "time"

// Window is what happened in a stretch of a run. At most a hundred make a run.
type Window struct {
	From, To  time.Duration
	Clock     [2]time.Duration // by how much the systems' clocks are ahead of true time at its end, by side
	Requests  [2]uint64        // that the limits of a side count, let in or not
	Throttled [2]uint64        // of them, those answered 429
	Ended     []WindowCount    // by map and class, where there are any
}

// WindowCount counts what happened to the changes of one map in a window: how many
// ended in a class. Of classes "application" and "system" it counts how often one
// came onto the error desk.
type WindowCount struct {
	Map   string
	Class string
	Count uint64
}

// DependencyWait tells how long changes of one map waited for records that they
// look up. A change that waits for several, one after the other, waits once.
type DependencyWait struct {
	Map   string
	Waits uint64
	Open  uint64 // of them, those that were not over when the run ended
	Total time.Duration
	Most  time.Duration
	Bins  []Bin // ascending
}

// Bin counts spans of about one length. Bins of several runs have the same bounds,
// so that they add up.
type Bin struct {
	From, To time.Duration // To is excluded
	Count    uint64
	Open     uint64 // of them, those that were not over when the run ended
}

// Gap counts the edits of a record that followed an edit on its other side after
// about the same time.
type Gap struct {
	From, To  time.Duration // To is excluded
	Edits     uint64
	Conflicts uint64 // of them: the two edits did not know of each other
}

// SizeCount counts users' saves by how many records they changed.
type SizeCount struct {
	Side  string
	UpTo  int // at most so many records, and more than in the step before; 0: any number
	Saves uint64
	Over  uint64 // of them: limits of live sync refused or undid them, or would have
}
