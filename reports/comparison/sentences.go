package comparison

import (
	"fmt"
	"strings"

	"github.com/twinwrite/twinwrite/reports/words"
)

// Sentence is something that follows from figures, which it names: nothing is
// said that no interval shows.
type Sentence struct {
	Text    string   `json:"text"`
	Figures []string `json:"figures"` // IDs
}

// sentences say, setting by setting, what it is better and worse at than the
// first, and what follows from that.
func (c *Comparison) sentences() []Sentence {
	list := []Sentence{}
	first := c.Settings[0].Name
	for i, s := range c.Settings[1:] {
		setting := i + 1
		list = append(list, c.verdictOn(first, s.Name, setting))
		for _, f := range c.told(setting) {
			list = append(list, Sentence{tell(f, first, s.Name, setting), []string{f.ID}})
		}
	}
	return list
}

// leadMost is how many figures are told of one setting each way; the table has
// all.
const leadMost = 4

// told are the figures of a setting that sentences tell: better ones first.
func (c *Comparison) told(setting int) []*Figure {
	return append(c.lead(setting, Better), c.lead(setting, Worse)...)
}

// lead picks, of each question, the first figure that a setting is better at,
// or worse: that is the one that people ask for.
func (c *Comparison) lead(setting int, shown Shown) []*Figure {
	var all []*Figure
	said := map[string]bool{}
	for i := range c.Figures {
		f := &c.Figures[i]
		if a := f.Cells[setting].Against; a != nil && a.Shown == shown && !said[f.Question] && len(all) < leadMost {
			said[f.Question] = true
			all = append(all, f)
		}
	}
	return all
}

// ToldHead names the columns of the table behind the differences that are told.
var ToldHead = []string{"Setting", "Figure", "Under it", "Under the first", "Beside the first", "Difference and its 95 % interval", "Runs"}

// ToldRows are the figures of every difference that is told.
func (c *Comparison) ToldRows() (rows [][]string) {
	for setting := 1; setting < len(c.Settings); setting++ {
		for _, f := range c.told(setting) {
			rows = append(rows, append([]string{c.Settings[setting].Name}, f.toldRow(setting)...))
		}
	}
	return rows
}

// CountHead names the columns of the table of how many figures show what.
var CountHead = []string{"Setting against the first", "Better", "Worse", "Other, neither better nor worse", "No difference shown", "Nothing can be said"}

// CountRows counts the figures of every setting by what is shown of them.
func (c *Comparison) CountRows() (rows [][]string) {
	for setting := 1; setting < len(c.Settings); setting++ {
		count := map[Shown]int{}
		for i := range c.Figures {
			if a := c.Figures[i].Cells[setting].Against; a != nil {
				count[a.Shown]++
			}
		}
		rows = append(rows, countRow(c.Settings[setting].Name, count))
	}
	return rows
}

// tell says one difference with its interval.
func tell(f *Figure, first, name string, setting int) string {
	a := f.Cells[setting].Against
	text := fmt.Sprintf("%s, %s: %s against %s under %s", name, f.Name, f.Value(setting), f.Value(0), first)
	if f.Unit == TenThousand {
		text += " (per 10,000)"
	}
	if how := f.beside(setting); how != "" {
		text += ", " + how
	}
	return text + fmt.Sprintf("; the difference is %s, 95 %% interval %s, over %s.", f.Unit.Signed(float64(a.Mean)), between(f.Unit, a), words.Counted(a.Runs, "run", "runs"))
}

// verdictOn weighs a setting against the first.
func (c *Comparison) verdictOn(first, name string, setting int) Sentence {
	var better, worse, open, ids []string
	lost := false
	for i := range c.Figures {
		f := &c.Figures[i]
		a := f.Cells[setting].Against
		if a == nil {
			continue
		}
		switch a.Shown {
		case Better:
			better, ids = append(better, f.Name), append(ids, f.ID)
		case Worse:
			worse, ids = append(worse, f.Name), append(ids, f.ID)
			lost = lost || f.ID == lostID
		case Unknown:
			open = append(open, f.Name)
		}
	}
	var text string
	switch {
	case len(better)+len(worse) == 0 && len(open) > 0:
		text = fmt.Sprintf("Between %s and %s nothing is shown, and of %s nothing can be said.", first, name, words.Counted(len(open), "figure", "figures"))
	case len(better)+len(worse) == 0:
		text = fmt.Sprintf("Between %s and %s no difference is shown in any figure.", first, name)
	case len(worse) == 0:
		text = fmt.Sprintf("%s is better than %s in %s and worse in none that the runs show.", name, first, countNamed(better))
	case len(better) == 0:
		text = fmt.Sprintf("%s is worse than %s in %s and better in none that the runs show.", name, first, countNamed(worse))
	default:
		text = fmt.Sprintf("%s against %s is a trade: better in %s, worse in %s.", name, first, countNamed(better), countNamed(worse))
	}
	if lost {
		text += " It loses changes: where a lost change matters, nothing else weighs against that."
	}
	if ids == nil {
		ids = []string{}
	}
	return Sentence{text, ids}
}

// namedMost is how many figures a sentence names.
const namedMost = 3

// countNamed counts figures and names some: "5 figures (a, b, c and others)".
func countNamed(names []string) string {
	shown := strings.Join(names, "; ")
	if len(names) > namedMost {
		shown = strings.Join(names[:namedMost], "; ") + "; …"
	}
	return fmt.Sprintf("%s (%s)", words.Counted(len(names), "figure", "figures"), shown)
}
