package engine

// CollideValues makes the hashes of unique values numbers below n.
func (m *TableMap) CollideValues(n uint64) { m.valueHashes = n }
