// Package parts keeps what a shard made: its runs of each scenario of a
// command, whole, so that the parts of all shards give the same results, to the
// byte, as the command would have given on one machine.
//
// A part is for this program alone and lives until the parts are merged. What
// people and SQL read is in the run folders.
package parts

import (
	"bufio"
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Schema is the version of a part's shape. A part is merged by the version of
// the program that made it.
const Schema = "twinwrite/part/v1"

// Ending is what the name of a part's file ends in.
const Ending = ".part"

// Errors that say why parts cannot be merged.
var (
	ErrSchema  = errors.New("parts: not a part, or one of another version")
	ErrForeign = errors.New("parts: they are of different commands")
	ErrMissing = errors.New("parts: some are missing")
)

// Part is one shard's share of a command's runs.
type Part struct {
	Program   string   // version of the program that made it
	Arguments []string // the command without its shard
	Number    int      // from 1
	Of        int
	Whole     bool // all of the shard's runs are there; it was not interrupted
	Shares    []Share
}

// Share is what a shard made of one scenario.
type Share struct {
	Hash string // identity of the scenario
	Runs []result.Run
}

// Made returns the runs of a scenario that the part holds.
func (p *Part) Made(hash string) []result.Run {
	for i := range p.Shares {
		if p.Shares[i].Hash == hash {
			return p.Shares[i].Runs
		}
	}
	return nil
}

// Keep puts the runs of a scenario into the part, in place of those that it had.
func (p *Part) Keep(hash string, runs []result.Run) {
	for i := range p.Shares {
		if p.Shares[i].Hash == hash {
			p.Shares[i].Runs = runs
			return
		}
	}
	p.Shares = append(p.Shares, Share{hash, runs})
}

// Write writes a part to a file, which appears whole or not at all.
func Write(path string, p *Part) (err error) {
	partial := path + ".partial"
	f, err := os.Create(partial)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(partial))
		}
	}()
	w := bufio.NewWriter(f)
	enc := gob.NewEncoder(w)
	err = enc.Encode(Schema)
	if err == nil {
		err = enc.Encode(p)
	}
	if err := errors.Join(err, w.Flush(), f.Close()); err != nil {
		return err
	}
	return os.Rename(partial, path)
}

// Read reads what [Write] wrote.
func Read(path string) (*Part, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it is only read
	dec := gob.NewDecoder(bufio.NewReader(f))
	var schema string
	if err := dec.Decode(&schema); err != nil || schema != Schema {
		return nil, fmt.Errorf("%w: %s", ErrSchema, path)
	}
	p := new(Part)
	if err := dec.Decode(p); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrSchema, path, err)
	}
	return p, nil
}

// Merge joins the parts of all shards into one. It refuses parts of different
// commands or programs, and says which are missing or were interrupted. A part
// that is there twice counts once.
func Merge(all []*Part) (*Part, error) {
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: there is none", ErrMissing)
	}
	first := all[0]
	there := make([]bool, first.Of)
	out := &Part{Program: first.Program, Arguments: first.Arguments, Number: 1, Of: 1, Whole: true}
	for _, p := range all {
		switch {
		case p.Of != first.Of || !slices.Equal(p.Arguments, first.Arguments):
			return nil, fmt.Errorf("%w: %s, shard %d/%d; and %s, shard %d/%d", ErrForeign,
				strings.Join(first.Arguments, " "), first.Number, first.Of, strings.Join(p.Arguments, " "), p.Number, p.Of)
		case p.Program != first.Program:
			return nil, fmt.Errorf("%w: shard %d/%d was made by %s, and shard %d/%d by %s", ErrForeign,
				first.Number, first.Of, first.Program, p.Number, p.Of, p.Program)
		case !p.Whole || there[p.Number-1]:
			continue
		}
		there[p.Number-1] = true
		for i := range p.Shares {
			s := &p.Shares[i]
			out.Keep(s.Hash, append(out.Made(s.Hash), s.Runs...))
		}
	}
	var missing []string
	for i, ok := range there {
		if !ok {
			missing = append(missing, fmt.Sprintf("%d/%d", i+1, first.Of))
		}
	}
	if missing != nil {
		return nil, fmt.Errorf("%w or were interrupted: %s", ErrMissing, strings.Join(missing, ", "))
	}
	return out, nil
}
