package comparison

// toDecide stands before what would decide.
const toDecide = "to decide: "

// line is a line of text with its indent.
type line struct{ indent, text string }

// OneNumber says how the answers on workers and batch that stand beside a map belong to
// those beside the engine.
func (*Advice) OneNumber() string {
	return "The engine has one number of workers and one batch: beside a map stands what its own changes ask for, beside the engine what those of all maps together do."
}

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
	list = append(list, line{"  ", a.OneNumber()})
	for i := range a.Jobs {
		choice("engine, ", &a.Jobs[i])
	}
	for _, u := range a.Untried {
		list = append(list, line{"  ", u})
	}
	return list
}
