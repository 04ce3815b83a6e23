package comparison

import (
	"fmt"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
)

// either is the answer where it does not matter.
const either = "either"

// primary chooses the side whose record wins a conflict: the only one that edits,
// or the one under which fewer changes are shown to lose.
func (a *adviser) primary(m int) Choice {
	c := Choice{What: primaryWhat, Answer: Undecided, Because: []string{}}
	sides := [2]measured{}
	for side := range sides {
		sides[side] = a.measure(asyncMode, "changes made in "+words.Side(words.Sides[side]), Number, mapChanges(m, side))
	}
	now := a.primaryNow(m)
	for side, n := range sides {
		if n.Known && n.Runs > 1 && n.none() && sides[1-side].above() {
			c.Answer = words.Side(words.Sides[1-side])
			c.Because = append(c.Because, fmt.Sprintf("%s makes no change of this map, %s %s", words.Side(words.Sides[side]), c.Answer, sides[1-side].text()))
			c.Flips = words.Side(words.Sides[side]) + " begins to edit these records"
			return c
		}
	}
	lost := a.measure(asyncMode, "changes that lose to the primary, per 10,000", TenThousand, mapConflicts(m, summary.AnySide))
	c.Because = append(c.Because, fmt.Sprintf("changes: %s by F&O, %s by Dataverse", sides[0].text(), sides[1].text()), fmt.Sprintf("with %s as primary, changes that lose: %s", now, lost.text()))
	if lost.none() {
		c.Answer = either
		c.Flips = "both sides edit the same record more often within one round trip"
		return c
	}
	c.Flips = "the edits of one side are known to matter more"
	for _, t := range a.triedOf(primaryWhat, a.about) {
		c.Because = append(c.Because, t.texts()...)
		f := t.figure(loserID)
		if f == nil {
			continue
		}
		c.decided = t.text(f)
		switch shownOf(f) {
		case Better:
			c.Answer = t.variant.Name
		case Worse:
			c.Answer = now
		case Nothing:
			c.Answer = either
		}
	}
	if c.Answer == Undecided {
		c.Ask = a.again(4 * len(a.sets[asyncMode].Runs))
	}
	return c
}

func (a *adviser) primaryNow(m int) string {
	if side := input(a.sc, "jobs."+a.jobOf(m).name+".primary", ""); side != "" {
		return words.Side(side)
	}
	return "the scenario's side"
}
