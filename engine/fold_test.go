package engine_test

import (
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// TestOperationsFold folds the operations of a transaction on one record that was
// there before, and on one that was not.
func TestOperationsFold(t *testing.T) {
	t.Parallel()
	const c, u, d = engine.Create, engine.Update, engine.Delete
	for _, test := range []struct {
		existed bool
		ops     []engine.Operation
		want    engine.Operation
		left    bool // the record, with the values of the last operation
		void    bool
		refused int // operations
	}{
		{existed: false, ops: []engine.Operation{c}, want: c, left: true},
		{existed: false, ops: []engine.Operation{c, u, u}, want: c, left: true},
		{existed: false, ops: []engine.Operation{c, d}, want: d, void: true},
		{existed: false, ops: []engine.Operation{c, d, c}, want: c, left: true},
		{existed: true, ops: []engine.Operation{u, u}, want: u, left: true},
		{existed: true, ops: []engine.Operation{u, d}, want: d},
		{existed: true, ops: []engine.Operation{d, c}, want: u, left: true},
		{existed: true, ops: []engine.Operation{d, c, u, d}, want: d},
		{existed: true, ops: []engine.Operation{d, d}, want: d, refused: 1},
		{existed: true, ops: []engine.Operation{d, u}, want: d, refused: 1},
		{existed: true, ops: []engine.Operation{u, c}, want: u, left: true, refused: 1},
		{existed: false, ops: []engine.Operation{u, d, c}, want: c, left: true, refused: 2},
	} {
		change := engine.Change{Key: engine.Key{ID: "A"}}
		if test.existed {
			change.Before = &engine.Record{Key: &change.Key, Alive: true, Values: []engine.Value{engine.Text("before")}}
		}
		refused, last := 0, int64(0)
		for i, op := range test.ops {
			if !change.Then(op, []engine.Value{engine.Number(int64(i))}) {
				refused++
				continue
			}
			last = int64(i)
		}
		left := change.After != nil
		if change.Op != test.want || left != test.left || refused != test.refused || change.Void() != test.void {
			t.Errorf("%+v: %+v, %d refused", test, change, refused)
		}
		if left && change.After[0].Number != last {
			t.Errorf("%+v: the values of operation %d are left, not of %d", test, change.After[0].Number, last)
		}
	}
}
