package check

import "testing"

func BenchmarkCases(b *testing.B) {
	s := OwnSubject()
	n := uint64(0)
	events := uint64(0)
	failed := 0
	for b.Loop() {
		n++
		c := Generate(s, KeyedDice(1, n))
		x, err := Execute(s, c, Plan{})
		if err != nil {
			b.Fatal(err)
		}
		events += x.Events
		if p := x.Failed(); p != nil {
			failed++
			if failed < 4 {
				b.Log(n, p)
			}
		}
	}
	b.ReportMetric(float64(events)/float64(n), "events/case")
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "cases/s")
	b.ReportMetric(float64(failed)/float64(n), "failed/case")
}
