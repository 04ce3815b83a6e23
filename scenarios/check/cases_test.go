package check

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCases runs the cases of testdata/cases: each is what was left of a failure
// of a campaign, and nothing may fail any more, nor when it is executed again in a way
// that must not matter.
func TestCases(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "cases", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("there are no cases", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			c, err := DecodeCase(text)
			if err != nil {
				t.Fatal(err)
			}
			subject := OwnSubject()
			if c.Subject != subject.Name {
				subject = MapsOf(t, c.Subject)
			}
			x, err := Judge(subject, c, Plan{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if p := x.failed(""); p != nil {
				t.Errorf("%s: %v", p.ID, p.Examples)
			}
		})
	}
}
