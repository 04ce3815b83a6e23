package sim

import (
	"math"
	"time"
)

// Time is true time in nanoseconds since the world's start. It is never
// negative and reaches 292 years.
type Time int64

// Forever is the last instant. As the horizon of [Kernel.Run] it means: until
// nothing is left to happen.
const Forever Time = math.MaxInt64

// Add returns t moved by d. It panics when the sum leaves the axis.
func (t Time) Add(d time.Duration) Time {
	u := t + Time(d)
	if (u < t) != (d < 0) {
		panic(&Breach{Rule: OffTheAxis, Now: t, Detail: "adding " + d.String()})
	}
	return u
}

// Sub returns the time from u to t.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// Seconds returns t in seconds, for statistics and not for decisions.
func (t Time) Seconds() float64 { return time.Duration(t).Seconds() }

// String formats t like a duration: "1h0m2.5s".
func (t Time) String() string {
	if t == Forever {
		return "forever"
	}
	return time.Duration(t).String()
}
