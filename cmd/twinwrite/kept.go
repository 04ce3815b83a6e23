package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/reports"
	"github.com/twinwrite/twinwrite/reports/store"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// kept reads the results of an earlier execution from a run folder: those of
// the same identity, whole, and made by this very build of the program. nil:
// there are none.
func kept(dir, hash string) *result.Set {
	b, err := os.ReadFile(filepath.Join(dir, reports.ManifestFile))
	var m reports.Manifest
	if err != nil || json.Unmarshal(b, &m) != nil || m.Build == "" || m.Build != build() {
		return nil
	}
	set, err := store.Read(filepath.Join(dir, reports.ResultsFile))
	if err != nil || set.Scenario.Hash != hash || len(set.Runs) == 0 || set.Complete() < len(set.Runs) {
		return nil
	}
	return set
}

// beside returns where a comparison, a sweep or a tornado goes that has so many runs of
// each setting, point or base: dir, or a folder of its own where what is in dir was made
// of more runs, and stays. These folders keep no results, so that runs which are not asked
// for could not be taken from there.
func beside(cmd *cobra.Command, dir, file string, counts ...int) string {
	b, err := os.ReadFile(filepath.Join(dir, file))
	type sized struct{ Runs int }
	var was struct {
		Settings, Points []sized
		Base             sized
	}
	if err != nil || json.Unmarshal(b, &was) != nil {
		return dir
	}
	for i, held := range append(append(was.Settings, was.Points...), was.Base) {
		if i < len(counts) && counts[i] < held.Runs {
			own := fmt.Sprintf("%s-of-%d", dir, counts[i])
			fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: %s was made of %s, and stays: what is made of %d goes to %s\n", dir, plural(held.Runs, "run"), counts[i], own)
			return own
		}
	}
	return dir
}

// build names the program by the content of its file. Versions do not: a
// program that is being worked on has the same for days. Empty: it cannot be
// told, and nothing that is kept is used.
var build = sync.OnceValue(func() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close() //nolint:errcheck // it is only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
})
