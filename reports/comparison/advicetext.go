package comparison

// toDecide stands before what would decide.
const toDecide = "to decide: "

// line is a line of text with its indent.
type line struct{ indent, text string }

// lines tells the advice for a terminal: each answer, then what it rests on.
func (a *Advice) lines() []line {
	list := []line{{"  ", "By table map: " + a.Summary() + "."}}
	choice := func(head string, c *Choice) {
		list = append(list, line{"  ", head + c.What + ": " + c.Answer})
		for _, b := range c.Because {
			list = append(list, line{"    ", "because " + b})
		}
		if c.Flips != "" && c.Answer != Undecided {
			list = append(list, line{"    ", "unless " + c.Flips})
		}
		if c.Assumed != "" {
			list = append(list, line{"    ", c.Assumed})
		}
		if c.Ask != "" {
			list = append(list, line{"    ", toDecide + c.Ask})
		}
	}
	for i := range a.Maps {
		m := &a.Maps[i]
		choice(m.Map+", ", &m.Mode)
		choice(m.Map+", ", &m.Primary)
		choice(m.Map+", ", &m.Sequence)
		list = append(list, line{"  ", m.Map + ", workers: " + m.Workers.Answer + "; batch: " + m.Batch.Answer}) // their figures stand in the page's table
	}
	for i := range a.Jobs {
		choice("engine, ", &a.Jobs[i])
	}
	for _, u := range a.Untried {
		list = append(list, line{"  ", u})
	}
	return list
}
