package main

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestUnquote takes apart what quote has put together.
func TestUnquote(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringMatching(`[a-z'" \\$=:\[\]é]{1,8}`)).Draw(t, "words")
		var line []string
		for _, w := range words {
			line = append(line, quote(w))
		}
		if got := unquote(strings.Join(line, " ")); !slices.Equal(got, words) {
			t.Errorf("%q became %q", words, got)
		}
	})
}
