package engine

// CollideValues makes the hashes of unique values numbers below n.
func (m *TableMap) CollideValues(n uint64) { m.valueHashes = n }

// RestsUntouched reports whether what all lanes at rest share is as it was made.
func (c *Core) RestsUntouched() bool {
	r := c.pairs.resting
	return r == nil || len(r.open) == 0 && cap(r.open) == 0 && r.item == noItem
}
