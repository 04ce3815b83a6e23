package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"

	"github.com/spf13/cobra"
)

// profiles are what the program tells of itself while it runs a command, for
// 'go tool pprof'.
type profiles struct {
	cpu, mem string // files; empty: not asked for
	running  *os.File
}

// add gives every command the flags.
func (p *profiles) add(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.StringVar(&p.cpu, "cpuprofile", "", "write where the time went to a `file`, for 'go tool pprof'")
	flags.StringVar(&p.mem, "memprofile", "", "write what was allocated, and what is alive at the end, to a `file`")
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return p.begin() }
}

func (p *profiles) begin() error {
	if p.cpu == "" {
		return nil
	}
	f, err := os.Create(p.cpu)
	if err != nil {
		return usage(fmt.Errorf("--cpuprofile: %w\n  hint: name a file that can be written", err))
	}
	p.running = f
	return pprof.StartCPUProfile(f)
}

// end writes what was asked for, however the command ended.
func (p *profiles) end() error {
	var err error
	if p.running != nil {
		pprof.StopCPUProfile()
		err = p.running.Close()
	}
	if p.mem == "" {
		return err
	}
	f, open := os.Create(p.mem)
	if open != nil {
		return errors.Join(err, open)
	}
	runtime.GC() // what is alive is known after a collection only
	return errors.Join(err, pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}
