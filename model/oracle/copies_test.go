package oracle

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
)

// copyist plays users and the data integrator on one record of two columns.
//
//	f name=x limit=y   a user of F&O (d: Dataverse) writes columns; "-" deletes
//	read f AS          the integrator reads the record as it is now
//	write d AS         ... and writes over the other side what it has read
//	write d AS name    ... but only this column
type copyist struct {
	*hand
	t      *testing.T
	number [2]uint32
	read   map[string]*engine.Record
}

var nameAndLimit = []string{"name", "limit"}

func (c *copyist) play(line string) {
	c.at(time.Duration(c.now) + time.Second)
	words := strings.Fields(line)
	sideOf := func(w string) engine.Side { return map[string]engine.Side{"f": fin, "d": dat}[w] }
	switch words[0] {
	case "read":
		c.read[words[2]] = c.get(sideOf(words[1]), a)
	case "write":
		c.copy(sideOf(words[1]), c.read[words[2]], words[3:])
	default:
		c.edit(sideOf(words[0]), words[1:])
	}
}

func (c *copyist) edit(side engine.Side, words []string) {
	before := c.get(side, a)
	c.number[side]++
	r := c.next(side, a, make([]engine.Value, 2))
	r.Mark = engine.Mark{Incarnation: 1, Number: c.number[side]}
	if alive(before) {
		copy(r.Values, before.Values)
	}
	for _, w := range words {
		if w == "-" {
			r.Alive, r.Values = false, nil
			continue
		}
		name, value, _ := strings.Cut(w, "=")
		for i := range nameAndLimit {
			if nameAndLimit[i] == name {
				r.Values[i] = engine.Value{Kind: engine.KindText, Text: value}
			}
		}
	}
	ref := &engine.Reference{Key: a, Side: side, Incarnation: 1, Number: c.number[side]}
	r.Trace = c.o.UserCommit(c.now, side, before, r, ref)
	c.publish(side, r)
}

func (c *copyist) copy(side engine.Side, source *engine.Record, only []string) {
	before := c.get(side, a)
	r := c.next(side, a, make([]engine.Value, 2))
	r.Mark, r.Alive = engine.Mark{Incarnation: 1, Number: c.number[side]}, source.Alive
	if alive(before) {
		copy(r.Values, before.Values)
	}
	var columns []int
	for i, name := range nameAndLimit {
		if len(only) == 0 || only[0] == name {
			columns = append(columns, i)
			if source.Alive {
				r.Values[i] = source.Values[i]
			}
		}
	}
	r.Trace = c.o.CopyCommit(c.now, side, columns, source, before, r)
	c.publish(side, r)
}

// TestWhatBecomesOfChanges plays short stories to their ends.
func TestWhatBecomesOfChanges(t *testing.T) {
	t.Parallel()
	none := [2]uint64{}
	for name, c := range map[string]struct {
		lines                    string
		lost, alone, written     [2]uint64 // lost, alone at the end, overwritten
		rows, echoes, converging uint64
		deletes, differ          uint64
	}{
		"carried": {lines: "f name=1; read f A; write d A", rows: 1, converging: 1},
		"carried and copied back": {
			lines: "f name=1; read f A; write d A; read d B; write f B", rows: 2, echoes: 1, converging: 1,
		},
		"a newer edit under the echo is lost": {
			lines: "f name=1; read f A; write d A; f name=2; read d B; write f B",
			lost:  [2]uint64{1, 0}, written: [2]uint64{1, 0}, rows: 2, converging: 2,
		},
		"superseded by its own side is not lost": {
			lines: "f name=1; f name=2; read f A; write d A", rows: 1, converging: 2,
		},
		"whom the source had seen is not lost": {
			lines: "f name=1; read f A; write d A; d name=2; read d B; write f B", rows: 2, converging: 2,
		},
		"both sides edit, the last copy wins": {
			lines: "f name=1; read f A; write d A; d name=2; f name=3; read f C; write d C",
			lost:  [2]uint64{0, 1}, written: [2]uint64{0, 1}, rows: 2, converging: 3,
		},
		"copies that cross swap the contents": {
			lines:   "f name=1; read f A; write d A; d name=2; f name=3; read f C; read d D; write d C; write f D",
			written: [2]uint64{1, 1}, rows: 3, converging: 1 + 1 + 1, differ: 1,
		},
		"the same value on both sides survives": {
			lines: "f name=1; read f A; write d A; f name=2; d name=2; read f C; write d C; f name=3; read f D; write d D",
			rows:  3, echoes: 1, converging: 4,
		},
		"one of two columns is lost": {
			lines: "f name=1 limit=1; read f A; write d A; d name=2 limit=2; write d A limit",
			lost:  [2]uint64{0, 1}, written: [2]uint64{0, 1}, rows: 2, converging: 1, differ: 1,
		},
		"never copied stands alone": {
			lines: "f name=1; read f A; write d A; f name=2", alone: [2]uint64{1, 0}, rows: 1, converging: 1, differ: 1,
		},
		"a record that was never copied is one miss, whatever was edited": {
			lines: "f name=1; f limit=2; f name=3", alone: [2]uint64{2, 0}, differ: 1,
		},
		"a late landing brings the lost change back": {
			lines:   "f name=1; read f A; write d A; f name=2; read f B; read d C; write f C; write d B",
			written: [2]uint64{1, 0}, rows: 3, converging: 2, differ: 1,
		},
		"a delete that is not carried comes back": {
			lines: "f name=1; read f A; write d A; f -; read d B; write f B",
			lost:  [2]uint64{1, 0}, written: [2]uint64{1, 0}, rows: 2, converging: 2,
		},
		"a delete that is carried": {
			lines: "f name=1; read f A; write d A; f -; read f B; write d B", rows: 2, deletes: 1, converging: 2,
		},
		"a delete over an edit loses it": {
			lines: "f name=1; read f A; write d A; f -; d name=2; read f B; write d B",
			lost:  [2]uint64{0, 1}, written: [2]uint64{0, 1}, rows: 2, deletes: 1, converging: 3,
		},
		"a delete over edits of two columns loses both": {
			lines: "f name=1; read f A; write d A; f -; d name=2; d limit=3; read f B; write d B",
			lost:  [2]uint64{0, 2}, written: [2]uint64{0, 2}, rows: 2, deletes: 1, converging: 4,
		},
		"a delete of what was never copied": {
			lines: "f name=1; f -", converging: 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			maps := []*engine.TableMap{{Name: "headers", Company: true, Mode: engine.Async, Columns: []engine.Column{{Name: "name"}, {Name: "limit"}}}}
			p := &copyist{hand: newHandOf(t, Config{Copies: true}, maps), t: t, read: map[string]*engine.Record{}}
			for line := range strings.SplitSeq(c.lines, ";") {
				p.play(strings.TrimSpace(line))
			}
			r := p.o.Judge(p.now, View{Passed: func(engine.Side, *engine.Record) bool { return true }})
			converging := uint64(0)
			for _, s := range r.Samples {
				if !s.Censored {
					converging++
				}
			}
			want := &Copied{Lost: c.lost, Missed: c.alone, Overwritten: c.written, Rows: c.rows, Deletes: c.deletes, Echoes: c.echoes}
			want.LossesOf = make([]uint64, len(r.Maps))
			want.LossesOf[0] = c.lost[0] + c.lost[1] + c.alone[0] + c.alone[1]
			if got := r.Copied; c.lost != none || c.alone != none {
				want.Losses = got.Losses // told apart below
				if n := c.lost[0] + c.lost[1] + c.alone[0] + c.alone[1]; uint64(len(got.Losses)) != n {
					t.Errorf("%d losses are named, of %d", len(got.Losses), n)
				}
			}
			if diff := cmp.Diff(want, r.Copied); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if converging != c.converging || r.Maps[0].Divergent != c.differ {
				t.Errorf("%d changes converged, want %d; %d pairs differ, want %d", converging, c.converging, r.Maps[0].Divergent, c.differ)
			}
		})
	}
}
