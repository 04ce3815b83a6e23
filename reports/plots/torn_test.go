package plots

import "testing"

// TestNamesThatBeginAlike differ on the picture too, however long they are.
func TestNamesThatBeginAlike(t *testing.T) {
	t.Parallel()
	const head = "purchase orders of the northern warehouse, batch number "
	a, b := fitMiddle(headStyle, head+"00012345", tornNameMost), fitMiddle(headStyle, head+"00012346", tornNameMost)
	if a == b || measure(headStyle, a) > tornNameMost || measure(headStyle, b) > tornNameMost {
		t.Errorf("%q and %q, %v and %v wide", a, b, measure(headStyle, a), measure(headStyle, b))
	}
	if got := fitMiddle(headStyle, "invoice 573585", tornNameMost); got != "invoice 573585" {
		t.Errorf("a short name became %q", got)
	}
}
