package engine_test

import (
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// benchColumns is how wide the record of a benchmark is.
const benchColumns = 12

// benchMaps are the table maps that the benchmarks compare: what transforms,
// canonical forms and filters cost beside a plain map.
func benchMaps(b *testing.B) map[string]*engine.TableMap {
	b.Helper()
	v := &engine.ValueMap{Name: "status"}
	for i := range 8 {
		v.Pairs = append(v.Pairs, [2]engine.Value{engine.Text("code" + string(rune('a'+i))), engine.Number(int64(i) * 1e6)})
	}
	var plain, mapped engine.TableMap
	plain.Keys.Refused[engine.Dataverse] = engine.DataverseRefuses
	plain.Name, plain.Mode = "plain", engine.Async
	for i := range benchColumns {
		plain.Columns = append(plain.Columns, engine.Column{Name: string(rune('a' + i))})
	}
	mapped = plain
	mapped.Name = "mapped"
	mapped.Columns = append([]engine.Column(nil), plain.Columns...)
	mapped.Columns[0].Into = [2]engine.Transform{{Values: v}, {Values: v}}
	mapped.Columns[1].Canonical = engine.Form{FoldCase: true, TrimBlanks: true}
	mapped.Columns[2].Canonical = engine.Form{Step: 10_000}
	mapped.Filter[engine.FinOps] = engine.Filter{Test: engine.Differs, Column: "d", Value: engine.Text("out")}
	mapped.Filter[engine.Dataverse] = mapped.Filter[engine.FinOps]
	maps := map[string]*engine.TableMap{}
	for _, m := range []engine.TableMap{plain, mapped} {
		tm, err := engine.NewTableMap(m)
		if err != nil {
			b.Fatal(err)
		}
		maps[m.Name] = tm
	}
	return maps
}

var benchKey = engine.Key{ID: "US-001-000042"}

// benchRecord is a record as F&O holds it; edit tells one from another.
func benchRecord(edit string) []engine.Value {
	values := []engine.Value{engine.Text("codeh"), engine.Text("Rome "), engine.Number(1_254_999)}
	for len(values) < benchColumns-1 {
		values = append(values, engine.Text("a text of middling length"))
	}
	return append(values, engine.Text(edit))
}

func benchCommit(b *testing.B, m *engine.TableMap, before *engine.Record, values []engine.Value) (*engine.Record, engine.Reference) {
	b.Helper()
	got, err := engine.NewCapture(engine.FinOps, []*engine.TableMap{m}, nil).PreCommit(nil, 1, []engine.Change{{Key: benchKey, Before: before, After: values}})
	if err != nil || !got[0].Captured {
		b.Fatal(err, got)
	}
	return &engine.Record{Key: &benchKey, Alive: true, Values: values, Mark: got[0].Mark}, got[0].Reference
}

// BenchmarkDecide judges one change of a pair that both sides hold; it must
// not allocate.
func BenchmarkDecide(b *testing.B) {
	for _, name := range []string{"plain", "mapped"} {
		b.Run(name, func(b *testing.B) {
			m := benchMaps(b)[name]
			x, _ := benchCommit(b, m, nil, benchRecord("one"))
			y, _, ok := engine.Apply(m, &engine.Write{Key: benchKey, Source: x, Groups: 1}, engine.Dataverse, nil)
			if !ok {
				b.Fatal("the first record cannot be carried")
			}
			x, r := benchCommit(b, m, x, benchRecord("two"))
			refs := []engine.Reference{r}
			var v engine.Verdict
			b.ReportAllocs()
			for b.Loop() {
				engine.Decide(&v, m, refs, x, y, nil, nil, false)
			}
			if v.Carry != 1 {
				b.Fatalf("the verdict is %+v", v)
			}
		})
	}
}

// BenchmarkPreCommit captures one change of one record. It allocates the new
// mark's groups, and nothing else.
func BenchmarkPreCommit(b *testing.B) {
	for _, name := range []string{"plain", "mapped"} {
		b.Run(name, func(b *testing.B) {
			m := benchMaps(b)[name]
			x, _ := benchCommit(b, m, nil, benchRecord("one"))
			hook := engine.NewCapture(engine.FinOps, []*engine.TableMap{m}, nil)
			changes := []engine.Change{{Key: benchKey, Op: engine.Update, Before: x, After: benchRecord("two")}}
			var captured []engine.CapturedChange
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if captured, err = hook.PreCommit(captured[:0], 1, changes); err != nil {
					b.Fatal(err)
				}
			}
			if !captured[0].Captured {
				b.Fatal("nothing was captured")
			}
		})
	}
}

// BenchmarkApply carries one change to the target.
func BenchmarkApply(b *testing.B) {
	for _, name := range []string{"plain", "mapped"} {
		b.Run(name, func(b *testing.B) {
			m := benchMaps(b)[name]
			x, _ := benchCommit(b, m, nil, benchRecord("one"))
			y, _, _ := engine.Apply(m, &engine.Write{Key: benchKey, Source: x, Groups: 1}, engine.Dataverse, nil)
			x, _ = benchCommit(b, m, x, benchRecord("two"))
			w := engine.Write{Key: benchKey, Source: x, Target: y, Groups: 1}
			b.ReportAllocs()
			for b.Loop() {
				if _, _, ok := engine.Apply(m, &w, engine.Dataverse, y); !ok {
					b.Fatal("refused")
				}
			}
		})
	}
}
