package findings

// Plain says in everyday words what a property promises, for readers to whom
// the contract's own text is too exact; empty for a property not known here.
func Plain(id string) string { return plain[id] }

var plain = map[string]string{
	"converged":       "Once the queues are empty, both sides hold the same data, except for what is openly on the error desk.",
	"closed-books":    "Every change is accounted for: it ended in exactly one way or is still queued.",
	"no-lost-update":  "What a user saved does not vanish without a trace.",
	"true-outcome":    "When the engine reports how a change ended, that is what happened to the data.",
	"no-phantom":      "Nothing appears on a side that no user wrote: a value there is his, or what the other side's becomes on its way.",
	"no-echo":         "The engine never mistakes its own writes for a user's and sends them back in a loop.",
	"traffic-stops":   "When nobody edits any more, the engine soon has nothing left to write.",
	"monotonic":       "The engine's notes of what each side has seen never go backwards, so nothing old is taken for new.",
	"no-skip":         "No change is dropped on its way into the queue: what leaves the outbox has been saved.",
	"no-resurrection": "What a user deleted stays deleted on both sides, until a user creates it again.",
	"reference-order": "A record never appears before the record it points to: no line without its invoice.",
	"primary-wins":    "If both sides changed a record at once, the primary side wins, always.",
	"mixed-rejected":  "A transaction that mixes live and async table maps fails as a whole and says which maps they are.",
	"delete-live":     "A delete takes effect on both sides at once; it never waits in the queue.",
	"isolation":       "One record that cannot be synced does not hold others up.",
	"live-atomic":     "A live transaction ends on both sides or on neither, even if something dies in the middle.",
	"torn-visible":    "No transaction stays half visible on the other side for longer than allowed.",
	"limits-kept":     "The engine never asks for more than a system allows, and waits as long as it is told to.",
	"bounded":         "Nothing waits longer than retries, backlog and limits explain.",
	"idempotent":      "What arrives twice counts once.",
}
