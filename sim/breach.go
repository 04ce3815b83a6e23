package sim

import "fmt"

// Rule names what must hold in every run.
type Rule string

// The rules that the kernel and its parts guard.
const (
	EventInThePast  Rule = "no event is scheduled in the past"
	OffTheAxis      Rule = "time stays within its axis"
	UnknownActor    Rule = "an event is addressed to a registered actor"
	ZeroTimeLoop    Rule = "time moves on: the events at one instant are bounded"
	Runaway         Rule = "the events of one run are bounded"
	ChoiceInRange   Rule = "a choice lies among its alternatives"
	ValidParameters Rule = "parameters are valid"
	Reentered       Rule = "a running kernel is not run again from inside an event"
)

// Breach is what the package panics with when a rule is broken: a fault of the
// model or of this package, never of the modelled world.
type Breach struct { //nolint:errname // it reads as the noun that it is, also where it is recovered
	Rule   Rule
	Now    Time
	Events uint64 // fired so far
	Detail string // the values at hand
}

// Error states the rule and the values that broke it.
func (b *Breach) Error() string {
	return fmt.Sprintf("sim: broken rule: %s: %s (now %v = %d ns, %d events)", b.Rule, b.Detail, b.Now, int64(b.Now), b.Events)
}
