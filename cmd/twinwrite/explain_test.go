package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestAsStored refuses a run that went another way than the stored one, but for
// one that was cut short.
func TestAsStored(t *testing.T) {
	t.Parallel()
	now := &result.Run{Digest: "1"}
	if err := asStored(now, &result.Run{Digest: "1"}); err != nil {
		t.Error(err)
	}
	if err := asStored(now, &result.Run{Digest: "2", Incomplete: "interrupted"}); err != nil {
		t.Error(err)
	}
	var e exit
	if err := asStored(now, &result.Run{Digest: "2"}); !errors.As(err, &e) || e.code != exitNotRepeated {
		t.Errorf("another digest gave %v", err)
	}
}

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
