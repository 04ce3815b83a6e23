package sqlite

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
)

// TestThrowaway opens two stores side by side: what one saves the other does not hold,
// and no file is left of either.
func TestThrowaway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := Throwaway(dir)
	first, err := open([]string{"customers"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ref := engine.Reference{Key: engine.Key{ID: "A"}, Incarnation: 1, Number: 1, Position: 1}
	if err := first.Save([]engine.Mutation{{Kind: engine.ReferenceAdded, Reference: ref, Order: 1}}); err != nil {
		t.Fatal(err)
	}
	second, err := open([]string{"vendors"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	state, err := second.Load()
	if err != nil || len(state.Open) != 0 {
		t.Errorf("the second store begins with %d references: %v", len(state.Open), err)
	}
	for _, s := range []store.Store{first, second} {
		if err := s.(io.Closer).Close(); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left: %v", left, err)
	}
	if _, err := Throwaway(filepath.Join(dir, "nowhere"))(nil, nil); !errors.Is(err, ErrUnreachable) {
		t.Errorf("a folder that is not there: %v", err)
	}
}
