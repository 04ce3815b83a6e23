// Command bench measures the program: the kernel beside two yardsticks, and the
// product beside its targets.
//
// The yardsticks are of the hold model: a C++ program on std::priority_queue, which it builds if there is a compiler,
// and Go's container/heap. All make the same draws and take the same digest; the
// digests are compared after every lap.
//
// The machine is never quiet, so only ratios mean anything, and only between
// laps that lie side by side: the contenders are set up once and then take turns
// in short laps, forwards and backwards; processor time is counted, not time on
// the wall. The table shows medians over the rounds, and for the ratio, which is
// taken within each round, the quartiles as well.
//
// The product's figures are those of Go benchmarks, each on one core and several
// times; what is below its target says so.
//
//	go run ./bench
//	go run ./bench -kernel         # the yardsticks alone
//	go run ./bench -kernel -require 0.8    # exit 1 if the kernel is slower than that × C++
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 0, "how often each contender runs; 0: more often the smaller the model")
	events := flag.Uint64("events", 500_000, "events in each lap")
	require := flag.Float64("require", 0, "exit 1 if the kernel is slower than this `ratio` to C++ on any size of the hold model")
	source := flag.String("source", "bench/holdcpp/hold.cpp", "the C++ program")
	kernelOnly := flag.Bool("kernel", false, "the kernel beside its yardsticks only, and not the product")
	count := flag.Int("count", 5, "how often each figure of the product is measured")
	flag.Parse()
	err := compare(os.Stdout, *rounds, *events, *require, *source)
	if err == nil && !*kernelOnly {
		fmt.Println()
		err = product(os.Stdout, *count)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// contender is one variant of the hold model, somewhere in its run.
type contender interface {
	// lap fires so many further events. It returns the processor time they took
	// and the digest over all events so far.
	lap(events uint64) (took time.Duration, digest uint64, err error)

	close() error
}

// entrant sets a contender up with so many timers.
type entrant func(timers int) (contender, error)

func compare(out io.Writer, rounds int, events uint64, require float64, source string) error {
	dir, err := os.MkdirTemp("", "holdcpp")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a scratch folder that stays does no harm

	entrants := []entrant{kernel, standard}
	switch program, err := build(source, dir); {
	case err == nil:
		entrants = append(entrants, program)
	case errors.Is(err, errNoCompiler):
		fmt.Fprintln(out, "no C++ compiler found: C++ column skipped")
	default:
		return err
	}

	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "million/s\ttwinwrite\tC++ std::priority_queue\tcontainer/heap\ttwinwrite/C++\tquartiles\trounds\t")
	var tooSlow []error
	for _, size := range holdSizes {
		n := size.rounds
		if rounds > 0 {
			n = rounds
		}
		times, err := race(entrants, size.timers, events, n)
		if err != nil {
			return fmt.Errorf("hold-%s: %w", size.name, err)
		}
		cpp, ratio, spread := "-", "-", "-"
		if len(times) == 3 {
			r := ratios(times[2], times[0])
			cpp, ratio = rate(events, times[2]), fmt.Sprintf("%.2f", quantile(r, 0.5))
			spread = fmt.Sprintf("%.2f to %.2f", quantile(r, 0.25), quantile(r, 0.75))
			if got := quantile(r, 0.5); got < require {
				tooSlow = append(tooSlow, fmt.Errorf("hold-%s: %.2f of the speed of C++, required %.2f", size.name, got, require))
			}
		}
		fmt.Fprintf(table, "hold-%s\t%s\t%s\t%s\t%s\t%s\t%d\t\n", size.name, rate(events, times[0]), cpp, rate(events, times[1]), ratio, spread, n)
	}
	if rounds == 0 {
		rounds = 11
	}
	if err := customers(table, rounds); err != nil {
		return err
	}
	return errors.Join(append([]error{table.Flush()}, tooSlow...)...)
}

// race lets the contenders take turns and returns the time of each in each
// round.
func race(entrants []entrant, timers int, events uint64, rounds int) (times [][]float64, err error) {
	contenders := make([]contender, len(entrants))
	order := make([]int, len(entrants))
	for i, enter := range entrants {
		c, err := enter(timers)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, c.close()) }()
		if _, _, err := c.lap(uint64(2 * timers)); err != nil { // to warm up
			return nil, err
		}
		contenders[i], order[i] = c, i
	}
	times = make([][]float64, len(entrants))
	digests := make([]uint64, len(entrants))
	for range rounds {
		for _, i := range order {
			took, digest, err := contenders[i].lap(events)
			if err != nil {
				return nil, err
			}
			times[i] = append(times[i], took.Seconds())
			digests[i] = digest
		}
		for i, d := range digests {
			if d != digests[0] {
				return nil, fmt.Errorf("contender %d fired other events: digest %016x, want %016x", i+1, d, digests[0])
			}
		}
		slices.Reverse(order)
	}
	return times, nil
}

// ratios returns a/b for each round.
func ratios(a, b []float64) []float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] / b[i]
	}
	return r
}

// rate returns millions a second at the median time.
func rate(n uint64, times []float64) string {
	return fmt.Sprintf("%.2f", float64(n)/1e6/quantile(times, 0.5))
}

func quantile(x []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(x))
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

func kernel(timers int) (contender, error) { return inProcess(newHold(timers).run), nil }

func standard(timers int) (contender, error) { return inProcess(newStandardHold(timers).run), nil }

// inProcess is a contender that is a function.
type inProcess func(events uint64) (digest uint64)

func (run inProcess) lap(events uint64) (time.Duration, uint64, error) {
	runtime.GC() // or what the last contender left would be cleared away at this one's expense
	begin := cpuTime()
	digest := run(events)
	return cpuTime() - begin, digest, nil
}

func (run inProcess) close() error { return nil }

// program is a contender that is another process: it reads numbers of events,
// and answers each with the digest and the seconds.
type program struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out io.Reader
}

func (p program) lap(events uint64) (took time.Duration, digest uint64, err error) {
	if _, err := fmt.Fprintln(p.in, events); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", p.cmd.Path, err)
	}
	var seconds float64
	if _, err := fmt.Fscanf(p.out, "%x %f\n", &digest, &seconds); err != nil {
		return 0, 0, fmt.Errorf("%s: its answer: %w", p.cmd.Path, err)
	}
	return time.Duration(seconds * float64(time.Second)), digest, nil
}

func (p program) close() error { return errors.Join(p.in.Close(), p.cmd.Wait()) }

var errNoCompiler = errors.New("no C++ compiler")

// build compiles the C++ program and returns it as an entrant.
func build(source, dir string) (entrant, error) {
	for _, compiler := range []string{"c++", "g++", "clang++"} {
		path, err := exec.LookPath(compiler)
		if err != nil {
			continue
		}
		file := filepath.Join(dir, "hold")
		if out, err := exec.Command(path, "-O2", "-ffp-contract=off", "-o", file, source).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s %s: %w\n%s", compiler, source, err, out)
		}
		return func(timers int) (contender, error) {
			p := program{cmd: exec.Command(file, fmt.Sprint(timers))}
			p.cmd.Stderr = os.Stderr
			var err error
			if p.in, err = p.cmd.StdinPipe(); err != nil {
				return nil, err
			}
			if p.out, err = p.cmd.StdoutPipe(); err != nil {
				return nil, err
			}
			return p, p.cmd.Start()
		}, nil
	}
	return nil, errNoCompiler
}

// customers adds the line of the queue model.
func customers(out io.Writer, rounds int) error {
	const n = 200_000
	q := newQueue(4, 3.6, 1)
	q.serve(n)
	var times []float64
	for range rounds {
		runtime.GC()
		begin := cpuTime()
		q.serve(n)
		times = append(times, (cpuTime() - begin).Seconds())
	}
	_, err := fmt.Fprintf(out, "M/M/4 customers\t%s\t-\t-\t-\t-\t%d\t(mean wait %.4f s, Erlang C 1.9694 s)\n",
		rate(n, times), rounds, q.station.Stats().MeanWait.Seconds())
	return err
}
