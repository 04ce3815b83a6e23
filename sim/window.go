package sim

import "time"

// Window sums what happened within a span of time up to now: what happened just
// the span ago no longer counts. Rate limiters stand on it.
type Window struct {
	span  time.Duration
	sum   int64
	parts []windowPart
	first int // the oldest part that counts
}

// windowPart is what was added at one instant.
type windowPart struct {
	at     Time
	amount int64
}

// NewWindow returns an empty window. The span must be longer than zero.
func NewWindow(span time.Duration) *Window {
	if span <= 0 {
		panic(&Breach{Rule: ValidParameters, Detail: "window: a span that is not longer than zero"})
	}
	return &Window{span: span}
}

// Add counts an amount, which is not negative, at an instant that does not go
// back.
func (w *Window) Add(at Time, amount int64) {
	w.sum += amount
	if n := len(w.parts); n > w.first && w.parts[n-1].at == at {
		w.parts[n-1].amount += amount
		return
	}
	w.parts = append(w.parts, windowPart{at, amount})
}

// Sum returns what was added within the span before an instant, which does not
// go back.
func (w *Window) Sum(at Time) int64 {
	for w.first < len(w.parts) && at.Sub(w.parts[w.first].at) >= w.span {
		w.sum -= w.parts[w.first].amount
		w.first++
	}
	if w.first > 64 && 2*w.first > len(w.parts) {
		w.parts, w.first = append(w.parts[:0], w.parts[w.first:]...), 0
	}
	return w.sum
}

// UntilBelow returns how long it takes until the sum is below a limit above
// zero, if nothing is added meanwhile; 0 when it is.
func (w *Window) UntilBelow(at Time, limit int64) time.Duration {
	sum := w.Sum(at)
	for i := w.first; sum >= limit; i++ {
		sum -= w.parts[i].amount
		if sum < limit {
			return w.parts[i].at.Add(w.span).Sub(at)
		}
	}
	return 0
}
