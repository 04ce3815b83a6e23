// Command bench compares the kernel with two yardsticks on the hold model: a
// C++ program on std::priority_queue, which it builds if there is a compiler,
// and Go's container/heap. All make the same draws; a checksum over every event
// proves it. The contenders take turns, processor time is counted and the table
// shows medians, since the machine is never quiet; only ratios within one table
// mean anything.
//
//	go run ./bench
//	go run ./bench -require 0.8    # exit 1 if the kernel is slower than that × C++
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
	rounds := flag.Int("rounds", 5, "how often each contender runs")
	events := flag.Uint64("events", 3_000_000, "events measured in each run")
	require := flag.Float64("require", 0, "exit 1 if the kernel is slower than this `ratio` to C++ on any size of the hold model")
	source := flag.String("source", "bench/holdcpp/hold.cpp", "the C++ program")
	flag.Parse()
	if err := compare(os.Stdout, *rounds, *events, *require, *source); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// lap is one contender's run: events per second, and the checksum over all
// events since its beginning.
type lap struct {
	speed float64
	sum   uint64
}

// contender runs the hold model afresh: first the warm-up, then the measured
// events.
type contender func(timers int, warmup, events uint64) (lap, error)

func compare(out io.Writer, rounds int, events uint64, require float64, source string) error {
	dir, err := os.MkdirTemp("", "holdcpp")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	contenders := []contender{kernel, standard}
	switch program, err := build(source, dir); {
	case err == nil:
		contenders = append(contenders, program)
	case errors.Is(err, errNoCompiler):
		fmt.Fprintln(out, "no C++ compiler found: C++ column skipped")
	default:
		return err
	}

	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "million/s\ttwinwrite\tC++ std::priority_queue\tcontainer/heap\ttwinwrite/C++\t")
	var tooSlow []error
	for _, size := range holdSizes {
		speeds, err := race(contenders, size.timers, events, rounds)
		if err != nil {
			return fmt.Errorf("hold-%s: %w", size.name, err)
		}
		cpp, ratio := "-", "-"
		if len(speeds) == 3 {
			r := speeds[0] / speeds[2]
			cpp, ratio = fmt.Sprintf("%.2f", speeds[2]/1e6), fmt.Sprintf("%.2f", r)
			if r < require {
				tooSlow = append(tooSlow, fmt.Errorf("hold-%s: %.2f of the speed of C++, required %.2f", size.name, r, require))
			}
		}
		fmt.Fprintf(table, "hold-%s\t%.2f\t%s\t%.2f\t%s\t\n", size.name, speeds[0]/1e6, cpp, speeds[1]/1e6, ratio)
	}
	if err := customers(table, rounds); err != nil {
		return err
	}
	return errors.Join(append([]error{table.Flush()}, tooSlow...)...)
}

// race lets the contenders take turns and returns the median speed of each.
func race(contenders []contender, timers int, events uint64, rounds int) ([]float64, error) {
	laps := make([][]float64, len(contenders))
	for range rounds {
		var first lap
		for i, run := range contenders {
			l, err := run(timers, uint64(2*timers), events)
			if err != nil {
				return nil, err
			}
			if i == 0 {
				first = l
			}
			if l.sum != first.sum {
				return nil, fmt.Errorf("contender %d fired other events: checksum %016x, want %016x", i+1, l.sum, first.sum)
			}
			laps[i] = append(laps[i], l.speed)
		}
	}
	medians := make([]float64, len(contenders))
	for i := range laps {
		medians[i] = median(laps[i])
	}
	return medians, nil
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

func kernel(timers int, warmup, events uint64) (lap, error) {
	m := newHold(timers)
	return timed(m.run, warmup, events), nil
}

func standard(timers int, warmup, events uint64) (lap, error) {
	m := newStandardHold(timers)
	return timed(m.run, warmup, events), nil
}

func timed(run func(uint64) uint64, warmup, events uint64) lap {
	run(warmup)
	runtime.GC() // or what the last contender left would be cleared away at this one's expense
	begin := cpuTime()
	sum := run(events)
	return lap{speed: float64(events) / (cpuTime() - begin).Seconds(), sum: sum}
}

var errNoCompiler = errors.New("no C++ compiler")

// build compiles the C++ program and returns it as a contender.
func build(source, dir string) (contender, error) {
	for _, compiler := range []string{"c++", "g++", "clang++"} {
		path, err := exec.LookPath(compiler)
		if err != nil {
			continue
		}
		program := filepath.Join(dir, "hold")
		if out, err := exec.Command(path, "-O2", "-ffp-contract=off", "-o", program, source).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s %s: %w\n%s", compiler, source, err, out)
		}
		return func(timers int, warmup, events uint64) (lap, error) {
			out, err := exec.Command(program, fmt.Sprint(timers), fmt.Sprint(warmup), fmt.Sprint(events)).Output()
			if err != nil {
				return lap{}, fmt.Errorf("%s: %w", program, err)
			}
			var l lap
			var seconds float64
			if _, err := fmt.Sscanf(string(out), "%x %f", &l.sum, &seconds); err != nil {
				return lap{}, fmt.Errorf("%s printed %q: %w", program, out, err)
			}
			l.speed = float64(events) / seconds
			return l, nil
		}, nil
	}
	return nil, errNoCompiler
}

// customers adds the line of the queue model.
func customers(out io.Writer, rounds int) error {
	const n = 1_000_000
	var speeds []float64
	var wait time.Duration
	for range rounds {
		q := newQueue(4, 3.6, 1)
		q.serve(n / 10)
		runtime.GC()
		begin := cpuTime()
		q.serve(n)
		speeds = append(speeds, n/(cpuTime()-begin).Seconds())
		wait = q.station.Stats().MeanWait
	}
	_, err := fmt.Fprintf(out, "M/M/4 customers\t%.2f\t-\t-\t-\t(mean wait %.4f s, Erlang C 1.9694 s)\n", median(speeds)/1e6, wait.Seconds())
	return err
}
