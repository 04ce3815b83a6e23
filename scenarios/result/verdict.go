package result

// Verdict is the three-valued answer of a check, or that it had no occasion.
type Verdict string

// The three verdicts. Nothing measured is Inconclusive, never Pass.
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Inconclusive Verdict = "inconclusive"
)

// NoOccasion stands where a verdict would if what a property speaks of had come
// up: no two changes met, so that none had to win. It decides nothing.
const NoOccasion Verdict = "no occasion"

// Worse is the verdict of two things together. What is no known verdict counts
// as inconclusive.
func Worse(a, b Verdict) Verdict {
	switch {
	case a == Fail || b == Fail:
		return Fail
	case a == NoOccasion:
		return b
	case b == NoOccasion:
		return a
	case a == Pass && b == Pass:
		return Pass
	default:
		return Inconclusive
	}
}

// Verdict is that of the run's properties: one that is broken breaks it, and
// what was not measured, or not to the end, is inconclusive. The data integrator
// promises nothing; that there is nothing to judge is no occasion.
func (r *Run) Verdict() Verdict {
	answer := NoOccasion
	if r.Incomplete != "" || r.Panic != "" || r.Copied == nil && len(r.Properties) == 0 {
		answer = Inconclusive
	}
	for i := range r.Properties {
		answer = Worse(answer, r.Properties[i].Verdict)
	}
	return answer
}

// Verdict is that of all runs and expectations. When none of them had an
// occasion to decide anything, nothing was measured.
func (s *Set) Verdict() Verdict {
	answer := NoOccasion
	for i := range s.Runs {
		answer = Worse(answer, s.Runs[i].Verdict())
	}
	for i := range s.Expectations {
		answer = Worse(answer, s.Expectations[i].Verdict)
	}
	if answer == NoOccasion || len(s.Runs) == 0 {
		return Worse(answer, Inconclusive)
	}
	return answer
}
