package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/internal/fault"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// repeat reads the scenario of a run folder again, as the command that made the
// folder did; scenario names the file where that one is not found by itself.
func repeat(dir, scenario string, set *result.Set) (*scenarios.Scenario, []fault.Point, error) {
	words := unquote(set.Scenario.Command)
	if len(words) < 3 || words[0]+" "+words[1] != "twinwrite run" {
		return nil, nil, usage(fmt.Errorf("%s does not say how it was made: %q", dir, set.Scenario.Command))
	}
	var made runFlags
	run := made.flags()
	if err := run.ParseFlags(words[2:]); err != nil {
		return nil, nil, usage(fmt.Errorf("%s was made by a command that is not understood: %w", dir, err))
	}
	name := run.Flags().Arg(0)
	if scenario != "" {
		name = scenario
	}
	s, _, err := scenarios.Load(name, made.sets...) // its warnings were said when it was run
	if err != nil {
		return nil, nil, faulty(err)
	}
	points, err := parseFailpoints(made.failpoints)
	if err != nil {
		return nil, nil, usage(err)
	}
	if other := otherSettings(set.Scenario.Inputs, s.Inputs()); len(other) > 0 {
		return nil, nil, exit{exitNotRepeated, fmt.Errorf("%s is not what %s was made of: %s\n  hint: name the right file with --scenario, or run it again", name, dir, strings.Join(other, ", "))}
	}
	return s, points, nil
}

// otherSettings names the settings that two scenarios do not share, of those that move
// anything in a run.
func otherSettings(was, is []result.Input) []string {
	const shown, long = 4, 80
	values := map[string][2]string{}
	for i, inputs := range [][]result.Input{was, is} {
		for _, in := range inputs {
			both := values[in.Path]
			both[i] = in.Value
			values[in.Path] = both
		}
	}
	var other []string
	for _, path := range slices.Sorted(maps.Keys(values)) {
		switch v := values[path]; {
		case v[0] == v[1] || result.Aside(path):
		case len(v[0]+v[1]) > long:
			other = append(other, path+" differs")
		default:
			other = append(other, fmt.Sprintf("%s was %s and is %s", path, cmp.Or(v[0], "not given"), cmp.Or(v[1], "not given")))
		}
	}
	if left := len(other) - shown; left > 0 {
		other = append(other[:shown], fmt.Sprintf("and %d more", left))
	}
	return other
}

// asStored demands that a run which was done once more went as the stored one.
func asStored(again, kept *result.Run) error {
	if kept.Incomplete == "" && again.Digest != kept.Digest {
		return exit{exitNotRepeated, fmt.Errorf("the run has digest %s, and the stored one has %s: it went another way\n  hint: another version of the program made the folder; run the scenario again", again.Digest, kept.Digest)}
	}
	return nil
}

// runOf returns a run of a set by its number, or nil.
func runOf(set *result.Set, index int) *result.Run {
	for i := range set.Runs {
		if set.Runs[i].Index == index {
			return &set.Runs[i]
		}
	}
	return nil
}

// noRun says that a folder does not hold a run.
func noRun(index int, set *result.Set) error {
	if len(set.Runs) == 0 {
		return fmt.Errorf("--run is %d\n  hint: the folder holds no run", index)
	}
	return fmt.Errorf("--run is %d\n  hint: the folder holds %s, from %d to %d", index, plural(len(set.Runs), "run"), set.Runs[0].Index, set.Runs[len(set.Runs)-1].Index)
}

// unquote takes a line apart into words, as a shell does with what [quote] made.
func unquote(line string) []string {
	var words []string
	var word strings.Builder
	open, begun := false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\'':
			open, begun = !open, true
		case c == '\\' && !open && i+1 < len(line):
			i++
			word.WriteByte(line[i])
			begun = true
		case c == ' ' && !open:
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}
