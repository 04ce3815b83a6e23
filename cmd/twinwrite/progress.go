package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/twinwrite/twinwrite/scenarios/check"
	"github.com/twinwrite/twinwrite/scenarios/runs"
)

// progress shows on stderr how far the runs have come: a bar on a terminal,
// a plain line every ten seconds elsewhere.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	bar   *progressbar.ProgressBar // nil: plain lines
	start time.Time
	next  time.Time
	done  map[int]time.Duration // run time by run
	total time.Duration
}

// plainEvery is how often a plain line is printed.
const plainEvery = 10 * time.Second

// newProgress shows runs of a length each; quiet shows nothing.
func newProgress(w io.Writer, runs int, length time.Duration, quiet bool) *progress {
	p := &progress{
		w: w, start: time.Now(), next: time.Now().Add(plainEvery),
		done: map[int]time.Duration{}, total: time.Duration(runs) * length,
	}
	if quiet {
		p.w = io.Discard
	} else if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions64(int64(p.total/time.Second),
			progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("simulating"),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	return p
}

// update takes one run's progress; runs report at the same time.
func (p *progress) update(u runs.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[u.Run] = u.Done
	var sum time.Duration
	for _, d := range p.done {
		sum += d
	}
	if p.bar != nil {
		_ = p.bar.Set64(int64(sum / time.Second)) // a bar that cannot be drawn is no reason to stop
		return
	}
	if now := time.Now(); now.After(p.next) {
		p.next = now.Add(plainEvery)
		share := float64(sum) / float64(p.total)
		left := time.Duration(float64(now.Sub(p.start)) * (1 - share) / max(share, 1e-9)).Round(time.Second)
		fmt.Fprintf(p.w, "twinwrite: %.0f %% simulated, about %v left\n", 100*share, left)
	}
}

// finish clears the bar.
func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}

// caseProgress shows on stderr how far a search has come, in a plain line from
// time to time.
type caseProgress struct {
	w     io.Writer
	start time.Time
	next  time.Time
}

func newCaseProgress(w io.Writer) *caseProgress {
	return &caseProgress{w: w, start: time.Now(), next: time.Now().Add(plainEvery)}
}

func (p *caseProgress) update(u check.Progress) {
	now := time.Now()
	if now.Before(p.next) {
		return
	}
	p.next = now.Add(plainEvery)
	fmt.Fprintf(p.w, "twinwrite: %d cases, %.0f cases/s, %d different timelines\n", u.Cases, float64(u.Cases)/now.Sub(p.start).Seconds(), u.Timelines)
}
