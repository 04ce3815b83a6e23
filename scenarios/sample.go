package scenarios

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/sim"
)

// Sample is the distribution of measured times, one of which is drawn at a
// time. Its values are in a CSV file, which [Load] reads.
type Sample struct {
	File   string        // beside the scenario
	Column string        // of the file
	Unit   time.Duration // what a plain number counts; 0: every cell writes its own unit

	sim.Empirical
	at   position // where the scenario names the file
	path string
}

// sampleRowsMax bounds how much of a file is taken into memory.
const sampleRowsMax = 1_000_000

// buildSample notes a file that is to be read later.
func buildSample(c *checker, n *node, path string) any {
	s := &Sample{
		File: n.textOf("file"), Column: n.textOf("column"), Empirical: sim.NewEmpirical([]float64{0}),
		at: n.get("file").at, path: join(path, "file"),
	}
	if unit := n.get("unit"); unit != nil {
		s.Unit = as[time.Duration](unit.value)
	}
	c.samples = append(c.samples, s)
	return sim.Dist(s)
}

// LoadSamples reads the files of empirical distributions. [Load] does so; a
// scenario that comes from [Parse] needs it before it can run. Every faulty
// cell is reported, in [Errors].
func (s *Scenario) LoadSamples() error {
	for _, sample := range s.samples {
		f, err := s.open(sample.File)
		if err != nil {
			if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
				err = pathErr.Err
			}
			return Errors{newError(sample.at, sample.path, "the path is relative to the scenario file", fmt.Sprintf("cannot read the sample %s: %v", quote(sample.File), err))}
		}
		r := sampleReader{Sample: sample, errs: &collector{}, src: &origin{file: sample.File}}
		values := r.read(f)
		_ = f.Close() // it is only read
		if r.errs.count() > 0 {
			return s.withSnippets(sample.File, r.errs.sorted())
		}
		sample.Empirical = sim.NewEmpirical(values)
	}
	return nil
}

// sampleReader reads one file.
type sampleReader struct {
	*Sample
	errs *collector
	src  *origin
}

func (r *sampleReader) read(f io.Reader) []float64 {
	rows := csv.NewReader(bufio.NewReader(f))
	rows.ReuseRecord = true
	column := -1
	var values []float64
	for {
		record, err := rows.Read()
		switch bad := (*csv.ParseError)(nil); {
		case err == io.EOF && column < 0:
			r.report(1, 1, "the first line names the columns", "the sample is empty")
			return nil
		case err == io.EOF && len(values) == 0:
			r.report(1, 1, "write one value a line below the names", "the sample has no values")
			return nil
		case err == io.EOF:
			return values
		case errors.As(err, &bad):
			r.report(bad.Line, max(1, bad.Column), "every line has as many cells as the first", "%v", bad.Err)
			return nil
		case err != nil:
			r.report(1, 1, "check the file", "%v", err)
			return nil
		case column < 0:
			if column = slices.Index(record, r.Column); column < 0 {
				r.report(1, 1, didYouMean(r.Column, slices.Clone(record)), "the sample has no column %s", quote(r.Column))
				return nil
			}
			continue
		}
		line, at := rows.FieldPos(column)
		v, ok := r.cell(record[column], line, at)
		if ok {
			values = append(values, v)
		}
		if len(values) > sampleRowsMax {
			r.report(line, 1, "take a smaller sample", "the sample has more than %d values", sampleRowsMax)
			return nil
		}
	}
}

// cell reads a value, in seconds.
func (r *sampleReader) cell(text string, line, at int) (float64, bool) {
	d, err := readSpan(text)
	if errors.Is(err, errUnit) && r.Unit > 0 {
		n, err := readNumber(text, 0, 1e12)
		if v := n * r.Unit.Seconds(); err == nil && v <= spanMax.Seconds() {
			return v, true
		}
		r.report(line, at, "for example 0.25", "%s is not a time that can be drawn", quote(text))
		return 0, false
	}
	switch {
	case errors.Is(err, errUnit):
		r.report(line, at, "say what a plain number counts: unit: 1s", "%s has no unit", quote(text))
	case err != nil:
		r.report(line, at, "for example "+timeSpan.example, "%s is not a span of time", quote(text))
	case d < 0:
		r.report(line, at, "for example "+timeSpan.example, "%s is negative", quote(text))
	default:
		return d.Seconds(), true
	}
	return 0, false
}

func (r *sampleReader) report(line, column int, hint, format string, args ...any) {
	r.errs.report(position{r.src, line, column}, r.path, hint, format, args...)
}
