//go:build nofault

package engine

// Plantable says whether failpoints are built in; -tags nofault leaves them out, with
// the bugs that they plant.
const Plantable = false
