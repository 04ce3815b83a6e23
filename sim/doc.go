// Package sim is a deterministic discrete-event kernel: virtual time, an event
// list, keyed random numbers, and the few parts that most models are made of
// (skewed clocks, links, service stations, arrival processes).
//
// Begin with [Kernel]. A model is a handful of actors; an actor is a state
// machine that is told of each event addressed to it and answers by changing
// its state and scheduling further events:
//
//	k := sim.New(sim.Config{Seed: 1})
//	door := k.Register("door", &door{...})
//	k.At(0, sim.Normal, door, opens, entity, arg)
//	k.Run(sim.Time(8 * time.Hour))
//	fmt.Println(k.Now(), k.Events(), k.Digest())
//
// # Time and order
//
// Time is a whole number of nanoseconds. Events fire by time, then by priority
// (the lower number first), then in the order in which they were scheduled.
// The last rule is a convention, not a law of the modelled world: [Order]
// replaces it by a permutation drawn from the seed, or by a list of choices
// that an explorer enumerates, and [Kernel.Choose] lets the model put its own
// free decisions to the same chooser.
//
// # Randomness
//
// No generator has a state. Every draw is a function of the seed, the run, the
// name of a [Stream], the entity it is for and an ordinal:
//
//	service := k.Stream("service")
//	d := sim.Draw(sim.Exponential(0.05), service, invoice, attempt)
//
// and a value is made from one draw by inverting the distribution function. So
// taking one entity out of a model moves no draw of any other, and two variants
// of a model meet the same luck.
//
// # The same run everywhere
//
// The package starts no goroutine, reads no clock, ranges over no map and has
// its own elementary functions, in which no product can be fused with a sum:
// one seed gives one [Digest] on every processor. A kernel and all that hangs
// on it belong to one goroutine; many kernels may run side by side.
//
// A broken rule (an event in the past, a loop in zero time) panics with a
// [*Breach] that carries the values; whoever owns the run recovers it there and
// finds the last events in [Kernel.Tail].
package sim
