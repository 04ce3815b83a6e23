package findings

import (
	"fmt"
	"strings"

	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// integrator tells what the data integrator copied, and what became of users'
// changes under it.
func integrator(set *result.Set) Event {
	var c result.Copied
	there := false
	for i := range set.Runs {
		r := set.Runs[i].Copied
		if r == nil {
			continue
		}
		there = true
		for side := range c.Lost {
			c.Lost[side] += r.Lost[side]
			c.Missed[side] += r.Missed[side]
			c.Overwritten[side] += r.Overwritten[side]
		}
		c.Rows, c.Echoes, c.Runs = c.Rows+r.Rows, c.Echoes+r.Echoes, c.Runs+r.Runs
		c.Warnings, c.Broken, c.Waiting = c.Warnings+r.Warnings, c.Broken+r.Broken, c.Waiting+r.Waiting
		if len(c.Losses) == 0 {
			c.Losses = r.Losses
		}
	}
	if !there {
		return Event{}
	}
	parts := []string{fmt.Sprintf("Its projects ran %s (%s with warnings, %s broken off) and wrote %s, of which %s changed nothing.",
		times(c.Runs), words.Count(c.Warnings), words.Count(c.Broken), words.Counted(c.Rows, "row", "rows"), words.Count(c.Echoes))}
	lost, missed := c.Lost[0]+c.Lost[1], c.Missed[0]+c.Missed[1]
	parts = append(parts, what(lost, "lost", c.Lost, "copied over, and on neither side any more"), what(missed, "missed", c.Missed, "never copied, and no run to come will"))
	if n := c.Waiting; n > 0 {
		parts = append(parts, words.Counted(n, "row waits", "rows wait")+" for the next run.")
	}
	if len(c.Losses) > 0 {
		l := c.Losses[0]
		how := "lost"
		if l.Missed {
			how = "missed"
		}
		parts = append(parts, fmt.Sprintf("The first to be %s is a change of %s.", how, l.Record))
	}
	return Event{What: "The data integrator", Text: strings.Join(parts, " ")}
}

// what tells how many changes met a fate, and on which sides they were made.
func what(n uint64, fate string, of [2]uint64, means string) string {
	if n == 0 {
		return "No change was " + fate + "."
	}
	var sides []string
	for side, k := range of {
		if k > 0 {
			sides = append(sides, words.Count(k)+" made in "+words.Side(words.Sides[side]))
		}
	}
	return fmt.Sprintf("%s %s (%s): %s.", words.Counted(n, "change was", "changes were"), fate, strings.Join(sides, ", "), means)
}
