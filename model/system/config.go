package system

import (
	"errors"
	"fmt"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
	"github.com/twinwrite/twinwrite/sim"
)

// Config sets up a [System]. The zero value of each field but Side and Maps
// means its default.
type Config struct {
	Side engine.Side
	Maps []*engine.TableMap // by MapID

	Clock   sim.ClockConfig // stamps modified times; exact by default
	Servers int             // requests worked on at once; 8

	// Service times, in seconds: one user transaction, one read or outbox pull
	// of the engine, one write batch of the engine, one request of the engine
	// about a held transaction, and on top of these each record that a
	// transaction or batch writes. Defaults: 40ms, 20ms, 40ms, 5ms, 5ms; assumed.
	Commit, Read, Apply, EndHeld, PerRecord sim.Dist

	// PlugIns is what the system's own logic takes for each record that the engine
	// writes or deletes, in seconds; nil: nothing.
	PlugIns sim.Dist

	Message    Message    // limits of one record, and of a batch
	Protection Protection // against too many requests of the engine; none by default

	Live           Live          // limits of what goes live from this side
	DeletesTakeAll bool          // a transaction with a delete goes live as a whole; else only the delete does
	LockWait       time.Duration // how long a user waits for a record that a held transaction has locked; 10s, assumed

	FoldCase  bool // keys that differ only in case and trailing blanks are one record
	StaleSave StaleSave

	NotifyDelay     sim.Dist // from a commit to the engine's hearing of it, in seconds; 50ms
	NotifyLoss      float64  // share of notifications that never arrive
	NotifyDuplicate float64  // share that arrives twice

	Validations []Validation

	TokenLife time.Duration // after which a change-tracking token is refused; 7 days

	ConnectDelay time.Duration // after which a system that is down refuses; 5ms
	Silent       bool          // a system that is down does not refuse: requests run into their timeout
	CutLands     float64       // share of the work cut by an outage that is finished all the same; 0.5, negative for none
}

// StaleSave is what happens when a user saves a record that has changed since
// he opened it.
type StaleSave uint8

// The policies.
const (
	RefuseStale    StaleSave = iota // the save fails; the user opens the record again
	OverwriteStale                  // the save wins over what the user had not seen
)

// Validation refuses writes of one map for a business reason. Whether a change
// is refused is drawn by record and change number: it stays refused however
// often it is tried, and the next change of the record has another chance.
type Validation struct {
	Name   string // keys the draws; two validations with one name refuse alike
	Map    engine.MapID
	Refuse float64                                 // share
	Rule   *Rule                                   // what breaks it is refused, and nothing is drawn; nil: Refuse says how many
	Cause  string                                  // what the system says; no business data
	Own    func(*engine.Key, []engine.Value) error // in place of all that: refuses with its error, which must hold no business data; nil: there is none
	Users  bool                                    // users are refused too; their whole transaction fails
}

// WithDefaults returns c with its zero fields filled in.
func (c Config) WithDefaults() Config {
	if c.Servers == 0 {
		c.Servers = 8
	}
	for _, f := range []struct {
		dist *sim.Dist
		mean sim.Constant
	}{
		{&c.Commit, 0.040},
		{&c.Read, 0.020},
		{&c.Apply, 0.040},
		{&c.EndHeld, 0.005},
		{&c.PerRecord, 0.005},
		{&c.NotifyDelay, 0.050},
	} {
		if *f.dist == nil {
			*f.dist = f.mean
		}
	}
	if c.TokenLife == 0 {
		c.TokenLife = integrator.TokenLife
	}
	fill(&c.ConnectDelay, 5*time.Millisecond)
	fill(&c.LockWait, 10*time.Second)
	c.Live = c.Live.withDefaults(c.Side)
	c.Message = c.Message.withDefaults(c.Side)
	c.Protection = c.Protection.withDefaults()
	if c.CutLands == 0 {
		c.CutLands = 0.5
	}
	return c
}

// Validate reports every fault of a configuration whose defaults are filled
// in.
func (c Config) Validate() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf(c.Side.String()+": "+format, args...))
	}
	if c.Servers < 1 {
		fault("servers must be at least 1, not %d", c.Servers)
	}
	for _, d := range []struct {
		name string
		dist sim.Dist
	}{
		{"commit", c.Commit}, {"read", c.Read}, {"apply", c.Apply}, {"ending of a held transaction", c.EndHeld}, {"per record", c.PerRecord}, {"notification delay", c.NotifyDelay},
	} {
		if d.dist == nil {
			fault("%s has no distribution", d.name)
		} else if err := d.dist.Validate(); err != nil {
			fault("%s: %w", d.name, err)
		}
	}
	share := func(name string, x float64) {
		if !(x >= 0 && x <= 1) {
			fault("%s must be between 0 and 1, not %v", name, x)
		}
	}
	share("share of lost notifications", c.NotifyLoss)
	share("share of doubled notifications", c.NotifyDuplicate)
	for _, v := range c.Validations {
		share("refused share of validation "+v.Name, v.Refuse)
		if int(v.Map) >= len(c.Maps) {
			fault("validation %s names table map %d, of %d", v.Name, v.Map, len(c.Maps))
		} else if v.Rule != nil {
			if err := v.Rule.faults(c.Maps[v.Map]); err != nil {
				fault("validation %s: %w", v.Name, err)
			}
		}
	}
	if err := c.Clock.Validate(); err != nil {
		fault("%w", err)
	}
	if c.TokenLife < 0 {
		fault("the life of a token must not be negative, not %v", c.TokenLife)
	}
	if c.LockWait < 0 {
		fault("the wait for a locked record must not be negative, not %v", c.LockWait)
	}
	for _, err := range append(c.Live.faults(), c.Protection.faults()) {
		if err != nil {
			fault("%w", err)
		}
	}
	if c.PlugIns != nil {
		if err := c.PlugIns.Validate(); err != nil {
			fault("plug-ins: %w", err)
		}
	}
	if c.ConnectDelay < 0 {
		fault("connect delay must not be negative, not %v", c.ConnectDelay)
	}
	return errors.Join(faults...)
}
