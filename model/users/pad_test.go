package users

import (
	"strings"
	"testing"
)

// TestPadKeepsWhatItIsGiven writes more than a sheet, and texts longer than one.
func TestPadKeepsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	var p pad
	var want, got []string
	for i := range 200 {
		text := strings.Repeat(string(rune('a'+i%26)), i*7%(2*sheetSize))
		scratch := []byte(text)
		want, got = append(want, text), append(got, p.keep(scratch))
		clear(scratch)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("text %d is kept as %q, want %q", i, got[i], want[i])
		}
	}
}
