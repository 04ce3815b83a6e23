package engine

import "time"

// Config sets up a [Core]. The zero value of each field but Maps means its
// default.
type Config struct {
	Maps       []*TableMap   // by MapID
	Workers    int           // batches in flight at once; 8
	Batch      int           // items per batch; 10
	PullMax    int           // references per pull; 1,000
	Attempts   int           // of an item before it parks; 5
	RetryBase  time.Duration // back-off before the second attempt; 2s
	RetryCap   time.Duration // longest back-off; 5m
	RetryTimes float64       // factor from one back-off to the next; 2
	Poll       time.Duration // safety poll of both outboxes; 1m
	Probe      time.Duration // between probes of a side that is down; 10s
	TripAfter  int           // system failures in a row that open a side's breaker; 3
	WriteLife  time.Duration // after which a target no longer executes a write; 30s
	Failpoints Failpoints    // nil plants nothing
}

// Output is what one step asks of the driver: save Save, all or nothing, and
// only then do Do, in order. Both slices are overwritten by the next step.
type Output struct {
	Save []Mutation
	Do   []Effect
}
