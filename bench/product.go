package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// goal is one figure of the product: a metric that a Go benchmark reports, and
// what it is to be.
type goal struct {
	what      string
	pkg       string
	benchmark string // as -bench takes it
	unit      string // of the metric
	target    float64
	most      bool // the target is an upper bound
}

// goals are what the product promises, measured on the product itself: digest
// and oracle on.
var goals = []goal{
	{"world, 10⁴ records", "./scenarios/runs", "Pipeline/10000$", "records/s", 250_000, false},
	{"world, 10⁵ records", "./scenarios/runs", "Pipeline/100000$", "records/s", 250_000, false},
	{"world, 10⁶ records", "./scenarios/runs", "Pipeline/1000000$", "records/s", 250_000, false},
	{"world, allocations", "./scenarios/runs", "Pipeline/100000$", "allocs/record", 6, true},
	{"engine, memory store", "./engine", "Settled/memory", "ns/reference", 2_000, true},
	{"engine, allocations", "./engine", "Settled/memory", "allocs/reference", 2, true},
	{"engine, SQLite store", "./engine", "Settled/sqlite", "references/s", 20_000, false},
	{"results file", "./reports/store", "Write$", "rows/s", 400_000, false},
	{"property cases", "./scenarios/check", "Cases", "cases/s", 1_000, false},
	{"30 days, 10⁶ changes", "./scenarios/runs", "LongRun", "×real", 100_000, false},
	{"the same, memory", "./scenarios/runs", "LongRun", "MiB", 1024, true},
	{"32 runs, two cores by one", "./scenarios/runs", "ManyRuns", "×faster", 1.8, false},
}

// product measures the goals and prints them beside what they are to be.
func product(out io.Writer, count int) error {
	measured := map[string]map[string][]float64{} // by package and benchmark, then unit
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "the product\tmedian\tunit\ttarget\t\tlowest\thighest\t")
	for _, g := range goals {
		id := g.pkg + " " + g.benchmark
		if measured[id] == nil {
			text, err := exec.Command("go", "test", "-run", "^$", "-bench", g.benchmark, "-cpu", cpus(g), "-benchtime", benchTime(g), "-count", strconv.Itoa(count), g.pkg).CombinedOutput()
			if err != nil {
				return fmt.Errorf("%s: %w\n%s", id, err, text)
			}
			measured[id] = metrics(string(text))
		}
		values := measured[id][g.unit]
		if len(values) == 0 {
			return fmt.Errorf("%s reports no %s", id, g.unit)
		}
		median, bound := quantile(values, 0.5), "≥"
		met := median >= g.target
		if g.most {
			bound, met = "≤", median <= g.target
		}
		mark := ""
		if !met {
			mark = "missed"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s %s\t%s\t%s\t%s\t\n", g.what, figure(median), g.unit, bound, figure(g.target), mark, figure(slices.Min(values)), figure(slices.Max(values)))
	}
	took, err := starts(count)
	if err != nil {
		return err
	}
	fmt.Fprintf(table, "twinwrite version\t%s\tms\t≤ 20\t\t%s\t%s\t\n", figure(quantile(took, 0.5)), figure(slices.Min(took)), figure(slices.Max(took)))
	return table.Flush()
}

// cpus is on how many cores a goal is measured: what it promises is by core.
func cpus(g goal) string {
	if g.benchmark == "ManyRuns" {
		return "2"
	}
	return "1"
}

// benchTime is once for whole runs, which take seconds.
func benchTime(g goal) string {
	if g.pkg == "./scenarios/runs" {
		return "1x"
	}
	return "1s"
}

// metrics reads the values of each unit from what go test prints.
func metrics(text string) map[string][]float64 {
	found := map[string][]float64{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 4 || !strings.HasPrefix(words[0], "Benchmark") {
			continue
		}
		for i := 2; i+1 < len(words); i += 2 {
			if v, err := strconv.ParseFloat(words[i], 64); err == nil {
				found[words[i+1]] = append(found[words[i+1]], v)
			}
		}
	}
	return found
}

// starts times the program's smallest command, in milliseconds.
func starts(count int) (took []float64, err error) {
	dir, err := os.MkdirTemp("", "twinwrite")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	program := filepath.Join(dir, "twinwrite")
	if text, err := exec.Command("go", "build", "-o", program, "./cmd/twinwrite").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w\n%s", err, text)
	}
	for range max(count, 5) {
		begun := time.Now()
		if err := exec.Command(program, "version").Run(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(begun).Seconds()*1000)
	}
	return took, nil
}

// figure writes a number with three digits that count.
func figure(v float64) string {
	if v >= 1000 {
		s := strconv.FormatFloat(v, 'f', 0, 64)
		for i := len(s) - 3; i > 0; i -= 3 {
			s = s[:i] + "," + s[i:]
		}
		return s
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
