package sim

import "fmt"

// Digest is the fingerprint of a run: it covers time, kind and entity of every
// event in the order in which they fired. Two runs with the same digest went
// the same way.
type Digest uint64

// String is the digest in 16 hexadecimal digits.
func (d Digest) String() string { return fmt.Sprintf("%016x", uint64(d)) }

// with returns the digest after one more step.
func (d Digest) with(at Time, kind Kind, entity uint64) Digest {
	return Digest(fold(uint64(d)^uint64(at)^mixC, entity+uint64(kind)*mixA^mixD))
}
