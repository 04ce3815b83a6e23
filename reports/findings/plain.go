package findings

// Plain says in everyday words what a property promises, for readers to whom
// the contract's own text is too exact; empty for a property not known here.
func Plain(id string) string { return plain[id] }

var plain = map[string]string{
	"converged":       "Once the queues are empty, both sides hold the same data, except for what is openly on the error desk.",
	"closed-books":    "Every change is accounted for: it ended in exactly one way or is still queued.",
	"no-lost-update":  "What a user saved does not vanish without a trace.",
	"true-outcome":    "When the engine reports how a change ended, that is what happened to the data.",
	"no-echo":         "The engine never mistakes its own writes for a user's and sends them back in a loop.",
	"monotonic":       "The engine's notes of what each side has seen never go backwards, so nothing old is taken for new.",
	"reference-order": "A record never appears before the record it points to: no line without its invoice.",
	"primary-wins":    "If both sides changed a record at once, the primary side wins, always.",
}
