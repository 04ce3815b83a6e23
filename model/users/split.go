package users

import "github.com/twinwrite/twinwrite/model/system"

// split makes the transaction smaller, after it was refused as too large for
// live sync: what is over goes into transactions of its own, which follow. It
// reports false for one that cannot be split any more.
func (u *Users) split(r *run, why system.Ending) bool {
	n := len(r.tx.Edits)
	if n < 2 {
		return false
	}
	if r.whole == nil {
		r.whole = r.tx.Edits
		u.stats.Split++
	}
	r.partSize = n / 2
	if most := u.systems[r.side].LiveRecords(); why == system.TooManyRecords && most > 0 {
		r.partSize = min(most, n-1)
	}
	r.tx.Edits = r.whole[r.done : r.done+r.partSize]
	return true
}

// nextPart goes on with a transaction that is saved in parts. It reports false
// when that was the last, or there are none.
func (u *Users) nextPart(index int32, r *run) bool {
	if r.whole == nil {
		return false
	}
	u.stats.Parts++
	if r.done+len(r.tx.Edits) == len(r.whole) {
		return false
	}
	r.done += len(r.tx.Edits)
	r.tx.Edits = r.whole[r.done:min(len(r.whole), r.done+r.partSize)]
	u.submit(index, r)
	return true
}
