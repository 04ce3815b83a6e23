package integrator_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
)

func (e *environment) printf(format string, args ...any) { fmt.Fprintf(&e.trace, format+"\n", args...) }

func (e *environment) describe(eff *integrator.Effect) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s %s", eff.Project, eff.Kind, eff.Side, e.cfg.Maps[eff.Map].Name)
	switch l := &eff.Listing; {
	case eff.Kind != integrator.ListChanges:
	case l.Full:
		b.WriteString(" all")
	case l.By == integrator.ByToken:
		fmt.Fprintf(&b, " since token %d", l.Token.Version)
	default:
		fmt.Fprintf(&b, " since %v", time.Duration(l.Since))
		if l.Inclusive {
			b.WriteString(" inclusive")
		}
	}
	if eff.Listing.Paged {
		fmt.Fprintf(&b, ", after %s", eff.Listing.After.Key.ID)
	}
	for _, k := range eff.Keys {
		fmt.Fprintf(&b, " %s", k.ID)
	}
	for i := range eff.Upserts {
		if u := &eff.Upserts[i]; u.Delete {
			fmt.Fprintf(&b, " -%s", u.Key.ID)
		} else {
			fmt.Fprintf(&b, " %s", u.Key.ID)
		}
	}
	if eff.Attempt > 1 {
		fmt.Fprintf(&b, " (attempt %d)", eff.Attempt)
	}
	return b.String()
}

func (e *environment) printAnswer(eff *integrator.Effect, in *integrator.Input) {
	switch in.Kind {
	case integrator.RequestFailed:
		e.printf("  %s", in.Failure)
	case integrator.TokenExpired:
		e.printf("  token expired")
	case integrator.Listed:
		var b strings.Builder
		for _, row := range in.Rows {
			switch {
			case row.Record == nil:
				b.WriteString(" ?")
			case !row.Record.Alive:
				fmt.Fprintf(&b, " -%s", row.Record.Key.ID)
			default:
				fmt.Fprintf(&b, " %s", row.Record.Key.ID)
			}
		}
		if in.More {
			b.WriteString(" ...")
		}
		e.printf("  listed%s", b.String())
	case integrator.Written:
		e.writes[eff.Side] += len(in.Results)
		for i, r := range in.Results {
			if r.Reason != engine.NoReason {
				e.writes[eff.Side]--
				e.printf("  %s: %s: %s", eff.Side, eff.Upserts[i].Key.ID, r.Reason)
			}
		}
	}
}

func (e *environment) printMutation(m *integrator.Mutation) {
	switch m.Kind {
	case integrator.RunBegun:
		e.printf("  %s %d begins %s", m.Execution.Project, m.Execution.Number, m.Execution.Trigger)
	case integrator.RunEnded:
		e.printf("  %s %d ends: %s", m.Execution.Project, m.Execution.Number, ending(&m.Execution))
	case integrator.PositionMoved:
		p := &m.Position
		at := "nowhere"
		switch {
		case p.Cut:
			at = "cut after " + p.After.Key.ID
		case p.By == integrator.ByToken && p.Begun:
			at = fmt.Sprintf("token %d", p.Token.Version)
		case p.Begun:
			at = time.Duration(p.Since).String()
		}
		e.printf("  %s %s is at %s", m.Project, e.cfg.Maps[m.Map].Name, at)
	case integrator.RowFailed:
		e.printf("  %s failed: %s (%s), %d times", m.Failed.Project, m.Failed.Key.ID, m.Failed.Reason, m.Failed.Tries)
	case integrator.RowSettled:
		e.printf("  %s no longer fails: %s", m.Failed.Project, m.Failed.Key.ID)
	case integrator.HistoryPurged:
		e.printf("  history before %v is forgotten", time.Duration(m.Before))
	}
}

// ending prints how a run ended.
func ending(x *integrator.Execution) string {
	text := x.State.String()
	if x.Cause != integrator.NoCause {
		text += fmt.Sprintf(" (%s)", x.Cause)
	}
	for _, n := range []struct {
		count int
		of    string
	}{{x.Rows, "rows"}, {x.Retried, "retried"}, {x.Upserts, "upserts"}, {x.Deletes, "deletes"}, {x.Errors, "errors"}, {x.Filtered, "filtered"}} {
		if n.count > 0 || n.of == "rows" {
			text += fmt.Sprintf(", %d %s", n.count, n.of)
		}
	}
	return text
}
