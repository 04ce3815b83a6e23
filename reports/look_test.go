package reports_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/twinwrite/twinwrite/reports"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/plots"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// variants are the results that every report must cope with.
var variants = []struct {
	name string
	make func() *result.Set
}{
	{"day", fixture.Day},
	{"none", fixture.None},
	{"empty", fixture.Empty},
	{"one", fixture.One},
	{"broken", fixture.Broken},
	{"runs", func() *result.Set { return fixture.Runs(5) }},
	{"huge", func() *result.Set { return fixture.Huge(100_000) }},
	{"censored", func() *result.Set { return fixture.Censored(0.03) }},
}

// TestLook writes everything that there is to see into the folder REPORTS_LOOK,
// for people: run folders and PNG pictures of every variant.
func TestLook(t *testing.T) {
	folder := os.Getenv("REPORTS_LOOK")
	if folder == "" {
		t.Skip("REPORTS_LOOK names no folder to write to")
	}
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			set := v.make()
			dir := filepath.Join(folder, v.name)
			files, err := reports.WriteFolder(dir, set, reports.Manifest{Program: "look"})
			if err != nil {
				t.Fatal(err)
			}
			t.Log(files)
			for _, p := range plots.All(set, reports.Summary(set)) {
				for _, dark := range []bool{false, true} {
					name := filepath.Join(dir, p.Name+map[bool]string{true: "-dark"}[dark]+".png")
					f, err := os.Create(name)
					if err != nil {
						t.Fatal(err)
					}
					if err := p.WritePNG(f, dark); err != nil {
						t.Fatal(err)
					}
					if err := f.Close(); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}
