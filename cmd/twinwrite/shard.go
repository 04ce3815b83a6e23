package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/twinwrite/twinwrite/reports/parts"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
	"github.com/twinwrite/twinwrite/scenarios/runs"
)

// shardFlags divide the runs of a command among machines.
type shardFlags struct {
	shard string
	merge []string
}

func (f *shardFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.shard, "shard", "", "make a share of the runs only, as `i/n`: the i-th of n machines; 'twinwrite merge' joins them")
	cmd.Flags().StringSliceVar(&f.merge, "merge", nil, "parts of all shards, to be merged")
	_ = cmd.Flags().MarkHidden("merge") // the merge command gives it
}

// source is where a command's runs come from: they are simulated, all or a
// shard's share of them, or taken from the parts that shards left.
type source struct {
	shard runs.Shard
	part  *parts.Part // what the shard has made, or all shards; nil: neither was asked for
	path  string      // file of the shard's part; empty: the part is of all shards
	begun int         // runs of the scenarios before this one

	out   string    // folder for the logs
	logs  []string  // files to which runs are added as they end
	notes io.Writer // nil: it is to be quiet
}

// source reads the flags. What a shard made before it was interrupted is not
// made again.
func (f *shardFlags) source(cmd *cobra.Command, out string, args []string) (*source, error) {
	s := &source{out: out}
	if quiet, err := cmd.Flags().GetBool("quiet"); err == nil && !quiet {
		s.notes = cmd.ErrOrStderr()
	}
	switch {
	case f.merge != nil:
		all, err := readParts(f.merge)
		if err != nil {
			return nil, err
		}
		whole, err := parts.Merge(all)
		s.part = whole
		return s, err
	case f.shard == "":
		return s, nil
	}
	shard, err := runs.ParseShard(f.shard)
	if err != nil {
		return nil, fmt.Errorf("--shard: %w", err)
	}
	line := unsharded(cmd, args)
	id := sha256.Sum256([]byte(strings.Join(line, "\x00")))
	s.shard, s.path = shard, filepath.Join(out, fmt.Sprintf("%s-%s-%d-of-%d%s", cmd.Name(), hex.EncodeToString(id[:4]), shard.Number, shard.Of, parts.Ending))
	s.part = &parts.Part{Program: programVersion(), Arguments: line, Number: shard.Number, Of: shard.Of}
	if old, err := parts.Read(s.path); err == nil && old.Program == s.part.Program {
		s.part = old
	}
	return s, nil
}

// logged simulates a scenario and keeps each run as soon as it ends: where the same
// command, or another one of the same scenario, was killed, it goes on from there.
func (s *source) logged(ctx context.Context, sc *scenarios.Scenario, hash string, o runs.Options) (*result.Set, error) {
	if build() == "" {
		return runs.Simulate(ctx, sc, o)
	}
	name := sc.Name + "-" + hash
	if s.sharded() {
		name += fmt.Sprintf("-%d-of-%d", s.shard.Number, s.shard.Of)
	}
	path := filepath.Join(s.out, name+parts.LogEnding)
	log, err := parts.OpenLog(path, build(), sc.Runs.Most())
	if err != nil {
		return nil, err
	}
	s.logs = append(s.logs, path)
	if len(log.Runs) > 0 {
		s.note("%d of %d runs of %s were made before a command was interrupted", len(log.Runs), sc.Runs.Most(), name)
	}
	o.Made = append(log.Runs, o.Made...)
	var one sync.Mutex
	var lost error
	kept := len(log.Runs)
	o.Ended = func(r *result.Run) {
		one.Lock()
		defer one.Unlock()
		if lost == nil {
			lost = log.Add(r)
			kept++
		}
	}
	set, err := runs.Simulate(ctx, sc, o)
	if lost = errors.Join(lost, log.Close()); lost != nil {
		s.note("runs are not kept until the command ends: %v", lost)
	}
	if kept == 0 {
		err = errors.Join(err, os.Remove(path))
	}
	return set, err
}

// note says something that is no result, where it was not asked to be quiet.
func (s *source) note(format string, args ...any) {
	if s.notes != nil {
		fmt.Fprintf(s.notes, "twinwrite: "+format+"\n", args...)
	}
}

// partial ends the name of a folder whose command was interrupted.
const partial = "-partial"

// complete lists the runs that were not cut short.
func complete(set *result.Set) []result.Run {
	return slices.DeleteFunc(slices.Clone(set.Runs), func(r result.Run) bool { return r.Incomplete != "" })
}

// stored lets go of what was kept to go on from, and of what an interruption left beside
// the folders: it stands in a place of its own now. A command that was interrupted keeps
// it.
func (s *source) stored(ctx context.Context, folders ...string) error {
	var errs []error
	if ctx.Err() == nil {
		for _, dir := range folders {
			errs = append(errs, os.RemoveAll(dir+partial))
		}
		for _, path := range s.logs {
			if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
				errs = append(errs, err)
			}
		}
		s.logs = nil
	}
	return errors.Join(errs...)
}

// unsharded is the command line without what may differ between machines.
func unsharded(cmd *cobra.Command, args []string) []string {
	line := append([]string{cmd.Name()}, args...)
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if slices.Contains([]string{"shard", "jobs", "quiet", "out", "format", "html", "junit"}, f.Name) {
			return
		}
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, v := range values {
			line = append(line, "--"+f.Name+"="+v)
		}
	})
	return line
}

// share returns how many of so many runs are the shard's own.
func (s *source) share(runs int) int {
	if !s.sharded() {
		return runs
	}
	return (runs + s.shard.Of - s.shard.Number) / s.shard.Of
}

// sharded says whether the command makes a share of its runs only.
func (s *source) sharded() bool { return s.path != "" }

// simulate gives the results of a scenario, or the shard's share of them.
func (s *source) simulate(ctx context.Context, sc *scenarios.Scenario, o runs.Options) (*result.Set, error) {
	first := s.begun
	s.begun += sc.Runs.Most()
	hash, err := runs.Identity(sc, o)
	if err != nil {
		return nil, err
	}
	if s.part == nil {
		return s.logged(ctx, sc, hash, o)
	}
	if sc.Runs.Precision != nil {
		return nil, usage(fmt.Errorf("%s runs until a precision is reached, and a shard cannot know when\n  hint: fix the number of runs, for example --set 'runs={count: %d}'", sc.Name, sc.Runs.Most()))
	}
	o.Made = s.part.Made(hash)
	if !s.sharded() {
		if len(o.Made) != sc.Runs.Most() {
			return nil, usage(fmt.Errorf("the parts hold %d of %d runs of %s-%s\n  hint: the scenario, or a file that it names, is not what the shards ran", len(o.Made), sc.Runs.Most(), sc.Name, hash))
		}
		return runs.Simulate(ctx, sc, o)
	}
	o.Takes = func(run int) bool { return s.shard.Takes(first + run) }
	set, err := s.logged(ctx, sc, hash, o)
	if set == nil {
		return nil, err
	}
	made := set.Runs
	if ctx.Err() != nil { // what was cut short is made again
		made = complete(set)
	}
	s.part.Keep(hash, made)
	return set, errors.Join(err, parts.Write(s.path, s.part), s.stored(ctx))
}

// finish ends the command of a shard: what its runs showed is told when the
// parts are merged.
func (s *source) finish(ctx context.Context, w io.Writer) error {
	count := 0
	for i := range s.part.Shares {
		count += len(s.part.Shares[i].Runs)
	}
	s.part.Whole = ctx.Err() == nil
	if err := parts.Write(s.path, s.part); err != nil {
		return exit{exitInternal, err}
	}
	fmt.Fprintf(w, "part       %s (%d runs of shard %v)\n", s.path, count, s.shard)
	if !s.part.Whole {
		fmt.Fprintln(w, "           interrupted; the same command goes on from there")
		return exit{code: exitInterrupted}
	}
	fmt.Fprintf(w, "when all %d parts are there: twinwrite merge %s\n", s.shard.Of, filepath.Join(filepath.Dir(s.path), "*"+parts.Ending))
	return nil
}

// mergeCommand joins what the shards of a command made.
func mergeCommand() *cobra.Command {
	var out, format, html, junit string
	var quiet bool
	cmd := &cobra.Command{
		Use:   "merge PART ...",
		Short: "join what the shards of a run, comparison or sweep made",
		Long: `merge takes the parts that the shards of one command left, in files or in
folders, and ends the command as if it had run on one machine: with the same
folders, the same reports to the byte, and the same exit code. It needs the
scenario where the shards had it, and the same version of the program.`,
		Example: `  twinwrite sweep my.yaml --shard 1/2     # on one machine
  twinwrite sweep my.yaml --shard 2/2     # on another
  twinwrite merge runs/*.part`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := readParts(args)
			if err != nil {
				return usage(err)
			}
			whole, err := parts.Merge(all)
			if err != nil {
				return usage(err)
			}
			if whole.Program != programVersion() {
				return usage(fmt.Errorf("the parts were made by version %s, and this is %s\n  hint: merge with the version that made them", whole.Program, programVersion()))
			}
			line := append(slices.Clone(whole.Arguments), "--merge="+strings.Join(args, ","))
			cmd.Flags().Visit(func(f *pflag.Flag) { line = append(line, "--"+f.Name+"="+f.Value.String()) })
			root := rootCommand(cmd.OutOrStdout(), cmd.ErrOrStderr())
			root.SetArgs(line)
			return root.ExecuteContext(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&out, "out", "runs", "folder in which the command's folders are made")
	flags.StringVar(&format, "format", "text", "what is printed, as the command has it")
	flags.StringVar(&html, "html", "", "also write the page to a `file`")
	flags.StringVar(&junit, "junit", "", "also write the verdicts to a `file`, as JUnit XML, where the command can")
	flags.BoolVar(&quiet, "quiet", false, "no progress")
	return cmd
}

// readParts reads parts: files, or all in a folder.
func readParts(paths []string) ([]*parts.Part, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		found, err := filepath.Glob(filepath.Join(path, "*"+parts.Ending))
		if err != nil || found == nil {
			return nil, fmt.Errorf("%s holds no parts (*%s)", path, parts.Ending)
		}
		files = append(files, found...)
	}
	var all []*parts.Part
	for _, file := range files {
		p, err := parts.Read(file)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
