// Package engine breaks the rule glossary.
package engine

// MasterSide has a forbidden word.
type MasterSide int // want glossary

// Config has forbidden words in its fields.
type Config struct {
	TenantID     string // want glossary
	LagMax       int    // want glossary
	Flags, Peers int    // want glossary
	peer         int
}

// Writer has one in a method.
type Writer interface {
	Replicas() int // want glossary
}

const (
	RNGSeed  = 1 // want glossary
	Plague   = 2
	chaos    = 3
	Remaster = 4
)

// Tenant is a function.
func (c Config) Tenant() string { // want glossary
	type Etag string
	return string(Etag(c.TenantID)) + string(rune(c.peer+chaos))
}
