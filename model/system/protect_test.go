package system

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// slowProtection is the obvious model: it keeps every request that ever came.
type slowProtection struct {
	Protection
	admitted, ended []sim.Time
	took            []time.Duration
	under           int
}

func (p *slowProtection) admit(now sim.Time) (Throttle, bool) {
	requests, busy := 0, time.Duration(0)
	for _, at := range p.admitted {
		if now.Sub(at) < p.Window {
			requests++
		}
	}
	for i, at := range p.ended {
		if now.Sub(at) < p.Window {
			busy += p.took[i]
		}
	}
	switch {
	case p.Concurrent > 0 && p.under >= p.Concurrent:
		return ManyConcurrent, false
	case p.Requests > 0 && requests >= p.Requests:
		return ManyRequests, false
	case p.Execution > 0 && busy >= p.Execution:
		return LongExecution, false
	}
	p.admitted = append(p.admitted, now)
	p.under++
	return 0, true
}

// TestProtectionAgainstASlowModel lets requests come and end at random, on one
// user and web server.
func TestProtectionAgainstASlowModel(t *testing.T) {
	t.Parallel()
	var seen [throttles]int
	admitted := 0
	rapid.Check(t, func(rt *rapid.T) {
		p := Protection{
			Requests: rapid.IntRange(0, 8).Draw(rt, "requests"), Concurrent: rapid.IntRange(0, 4).Draw(rt, "concurrent"),
			Execution: time.Duration(rapid.IntRange(0, 20).Draw(rt, "execution")), Window: 30, RetryAfter: 1,
		}.withDefaults()
		b := newBench(t, Config{Protection: p})
		slow := &slowProtection{Protection: p}
		var under []*Request
		for range rapid.IntRange(1, 100).Draw(rt, "steps") {
			b.k.Run(b.k.Now().Add(time.Duration(rapid.IntRange(0, 6).Draw(rt, "gap"))))
			if n := len(under); n > 0 && rapid.Bool().Draw(rt, "one ends") {
				took := time.Duration(rapid.IntRange(1, 9).Draw(rt, "took"))
				b.s.leave(under[n-1], took)
				under = under[:n-1]
				slow.under--
				slow.ended, slow.took = append(slow.ended, b.k.Now()), append(slow.took, took)
				continue
			}
			r := &Request{Kind: engine.ReadBatch, Entity: 1}
			why, wait, ok := b.s.admit(r)
			wantWhy, want := slow.admit(b.k.Now())
			if ok != want || why != wantWhy {
				rt.Fatalf("at %d: admitted %v (%v), want %v (%v)", b.k.Now(), ok, why, want, wantWhy)
			}
			if ok {
				under = append(under, r)
				admitted++
				continue
			}
			seen[why]++
			if wait < p.RetryAfter {
				rt.Fatalf("told to wait %v", wait)
			}
		}
	})
	if seen[ManyRequests] == 0 || seen[LongExecution] == 0 || seen[ManyConcurrent] == 0 || admitted == 0 {
		t.Errorf("%d admitted, throttled %v: each must occur", admitted, seen)
	}
}

// TestRetryAfterIsEnoughAndGrows: who waits as told is admitted; who does not is
// told more each time.
func TestRetryAfterIsEnoughAndGrows(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{Protection: Protection{Requests: 2}})
	ask := func() *Request { return b.ask(engine.Effect{Kind: engine.PullOutbox, Max: 1}) }
	send := func() *Request {
		index := b.send(engine.Effect{Kind: engine.PullOutbox, Max: 1})
		b.k.Run(b.k.Now().Add(100 * time.Millisecond))
		return b.requests.At(index)
	}
	for range 2 {
		if ask().Failure != engine.NoFailure {
			t.Fatal("one of the first two was throttled")
		}
	}
	first := send()
	// The first of both was admitted just before.
	if first.Failure != engine.Throttled || first.RetryAfter < 299*time.Second || first.RetryAfter > 301*time.Second {
		t.Fatalf("%v, told to wait %v", first.Failure, first.RetryAfter)
	}
	waits := []time.Duration{first.RetryAfter}
	for range 4 {
		waits = append(waits, send().RetryAfter)
	}
	for i := 1; i < len(waits); i++ {
		if waits[i] <= waits[i-1] {
			t.Errorf("pushing, one is told to wait %v", waits)
			break
		}
	}
	b.letPass(waits[len(waits)-1])
	if got := send(); got.Failure != engine.NoFailure {
		t.Errorf("who waited as told is throttled again, for %v", got.RetryAfter)
	}
	if n := b.s.Stats().Throttled[ManyRequests]; n != 5 {
		t.Errorf("%d throttled, want 5", n)
	}
}

// letPass lets time pass in which nothing happens.
func (b *bench) letPass(d time.Duration) {
	to, refused, _ := b.s.Lines()
	b.k.After(d, sim.Normal, to, refused, 0, 0)
	b.k.Run(b.k.Now().Add(d))
}

// TestUsersAndServersAreCountedApart spreads requests over three users on two
// web servers.
func TestUsersAndServersAreCountedApart(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{Protection: Protection{Requests: 10, Users: 3, WebServers: 2}})
	admitted := 0
	for range 500 {
		if b.requests.At(b.send(engine.Effect{Kind: engine.PullOutbox, Max: 1})); b.k.Now() > 0 {
			t.Fatal("time has passed")
		}
	}
	b.k.Run(sim.Time(time.Minute))
	for _, i := range b.answers {
		if b.requests.At(i).Failure == engine.NoFailure {
			admitted++
		}
	}
	if admitted != 60 {
		t.Errorf("%d were admitted, want 10 of each user on each web server", admitted)
	}
}

func TestOverloadedStationThrottles(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{Servers: 2, Protection: Protection{Overload: 3}})
	for range 10 {
		b.send(engine.Effect{Kind: engine.PullOutbox, Max: 1})
	}
	b.k.Run(sim.Time(time.Minute))
	// Six jobs are three for each of two servers.
	if n := b.s.Stats().Throttled[HighLoad]; n != 4 {
		t.Errorf("%d of ten were throttled, want 4", n)
	}
	if n := b.s.station.Stats().Served; n != 6 {
		t.Errorf("%d were served, want 6", n)
	}
}

// TestHeldTransactionsAreNotThrottled lets a transaction commit in a storm.
func TestHeldTransactionsAreNotThrottled(t *testing.T) {
	t.Parallel()
	b := newLiveBench(t, Config{})
	tx := b.submit(header(Create, "H"))
	b.s.StartStorm()
	if r := b.ask(engine.Effect{Kind: engine.ReadBatch, Keys: []engine.Key{{Map: customers, ID: "A"}}}); r.Failure != engine.Throttled {
		t.Errorf("a storm let a read pass: %v", r.Failure)
	}
	b.ask(engine.Effect{Kind: engine.CommitTx, Tx: b.calls[0]})
	b.mustEnd(tx, Committed)
	b.s.EndStorm()
	if r := b.ask(engine.Effect{Kind: engine.ReadBatch, Keys: []engine.Key{{Map: customers, ID: "A"}}}); r.Failure != engine.NoFailure {
		t.Errorf("the storm is over: %v", r.Failure)
	}
}

func TestMessageLimits(t *testing.T) {
	t.Parallel()
	write := func(id string) engine.Write { return carry(source(id, 1), nil) }
	for _, tc := range []struct {
		name   string
		c      Config
		slow   float64
		writes []engine.Write
		cause  string // of the last row
	}{
		{"plug-ins below the limit", Config{Side: engine.Dataverse, PlugIns: sim.Constant(119)}, 1, []engine.Write{write("A")}, ""},
		{"plug-ins over it", Config{Side: engine.Dataverse, PlugIns: sim.Constant(121)}, 1, []engine.Write{write("A")}, CauseTooLong},
		{"slow plug-ins", Config{Side: engine.Dataverse, PlugIns: sim.Constant(2)}, 61, []engine.Write{write("A")}, CauseTooLong},
		{"no limit on F&O", Config{PlugIns: sim.Constant(121)}, 1, []engine.Write{write("A")}, ""},
		{"a batch as large as may be", Config{Message: Message{Batch: 2}}, 1, []engine.Write{write("A"), write("B")}, ""},
		{"one more", Config{Message: Message{Batch: 2}}, 1, []engine.Write{write("A"), write("B"), write("C")}, CauseTooMany},
		{"a slash in the key", Config{Side: engine.Dataverse}, 1, []engine.Write{write("A/1")}, causeBadInKey},
		{"no other", Config{Side: engine.Dataverse}, 1, []engine.Write{write("A-1_2|3")}, ""},
		{"any character", Config{Side: engine.Dataverse, Message: Message{AnyKey: true}}, 1, []engine.Write{write("A/1")}, ""},
		{"F&O has no such rule", Config{}, 1, []engine.Write{write("A/1")}, ""},
	} {
		b := newBench(t, tc.c)
		if tc.slow != 1 {
			b.s.StartSlow(tc.slow)
		}
		for i := range tc.writes {
			tc.writes[i].Deadline = 1 << 61
		}
		index := b.send(engine.Effect{Kind: engine.WriteBatch, Writes: tc.writes})
		b.k.Run(b.k.Now().Add(time.Hour))
		rows := b.requests.At(index).Rows
		if last := rows[len(rows)-1]; last.Cause != tc.cause || (last.Result == engine.RowDone) != (tc.cause == "") {
			t.Errorf("%s: %v %q", tc.name, last.Result, last.Cause)
		}
		if want := number(tc.cause == ""); b.writes != want*len(tc.writes) {
			t.Errorf("%s: %d rows were written", tc.name, b.writes)
		}
	}
}

func TestProtectionFaults(t *testing.T) {
	t.Parallel()
	c := Config{
		Protection: Protection{Requests: -1, RetryAfter: time.Hour, Users: -1}, PlugIns: sim.Constant(-1), LockWait: -1,
		Live: Live{TimeLimit: -1, RecordBytes: -1},
	}.WithDefaults()
	err := c.Validate()
	if err == nil {
		t.Fatal("no fault was found")
	}
	for _, want := range []string{
		"must not be negative; 0 is none", "a wait of 1h0m0s", "over -1 users", "plug-ins: constant", "wait for a locked record",
		"the time limit of live transactions", "the size of a record",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q in:\n%v", want, err)
		}
	}
}
