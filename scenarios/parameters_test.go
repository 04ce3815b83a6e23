package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
	"github.com/twinwrite/twinwrite/model/catalog"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// TestDefaultsAreWhatIsDocumented: a setting that the catalog names for a number of
// the real systems begins with that number, and says that it is documented.
func TestDefaultsAreWhatIsDocumented(t *testing.T) {
	t.Parallel()
	compared := 0
	for _, p := range catalog.Parameters() {
		for _, path := range p.Paths {
			i := slices.IndexFunc(Defaults(), func(d Default) bool { return d.Path == path })
			switch {
			case path == "systems.dataverse.plug-ins": // none by default: the number is advice
				continue
			case i < 0:
				t.Errorf("%s: a scenario has no setting %s with a default", p.Name, path)
				continue
			case p.Value == "":
				continue
			}
			d := Defaults()[i]
			if plain(d.Value) != plain(p.Value) {
				t.Errorf("%s is %s, and %s begins with %s", p.Name, p.Value, path, d.Value)
			}
			if p.Basis == catalog.Documented && !strings.HasPrefix(d.Source, "documented") && path != "systems.dataverse.throttle.web-servers" {
				t.Errorf("%s is documented, and %s says: %s", p.Name, path, d.Source)
			}
			compared++
		}
	}
	if compared < 20 {
		t.Errorf("only %d settings were compared", compared)
	}
}

// plain writes a value in its base unit.
func plain(value string) string {
	if d, err := readSpan(value); err == nil {
		return d.String()
	}
	if n, err := size(0).read(value); err == nil {
		return strconv.Itoa(int(as[Size](n))) + "B"
	}
	return value
}

// TestTheModelsOwnNumbers: what the catalog says of them is what the code has.
func TestTheModelsOwnNumbers(t *testing.T) {
	t.Parallel()
	s, d, e := system.Config{}.WithDefaults(), driver.Config{}.WithDefaults(), engine.Config{}.WithDefaults()
	seconds := func(x sim.Dist) string { return time.Duration(x.Mean() * float64(time.Second)).String() }
	has := map[string]string{
		"model-store-sync":  seconds(d.Sync),
		"model-held-end":    seconds(s.EndHeld),
		"model-connect":     s.ConnectDelay.String(),
		"model-cut-lands":   strconv.Itoa(int(100*s.CutLands)) + "%",
		"model-record-size": strconv.Itoa(int(s.Live.RecordBytes)),
		"model-write-life":  e.WriteLife.String(),
		"model-answers":     strconv.Itoa(e.AnswersMax),
	}
	told := 0
	for _, p := range catalog.Parameters() {
		if !strings.HasPrefix(p.Name, "model-") {
			continue
		}
		told++
		if has[p.Name] != p.Value {
			t.Errorf("%s is told as %q and is %q", p.Name, p.Value, has[p.Name])
		}
	}
	if told != len(has) {
		t.Errorf("%d numbers are told, want %d", told, len(has))
	}
}

// ownNumber is one that the code has, by the name of what tells it too.
type ownNumber struct {
	name string
	has  any
}

// String writes it in its base unit.
func (n ownNumber) String() string {
	if bytes, is := n.has.(int64); is {
		return fmt.Sprintf("%dB", bytes)
	}
	return fmt.Sprint(n.has)
}

// TestTheEnginesNumbersAreWhatIsDocumented: the engines have the numbers of the real
// ones by themselves, not only where a scenario sets them.
func TestTheEnginesNumbersAreWhatIsDocumented(t *testing.T) {
	t.Parallel()
	e := engine.Config{Jobs: []engine.Job{{Alerts: []engine.Alert{{}}}}}.WithDefaults()
	i := integrator.Config{}.WithDefaults()
	finops, dataverse := engine.DocumentedLimits(engine.FinOps), engine.DocumentedLimits(engine.Dataverse)
	for _, n := range []ownNumber{
		{"live-sync-records", finops.Records},
		{"live-sync-time", finops.Wait},
		{"live-sync-time", dataverse.Wait},
		{"live-sync-payload", dataverse.Bytes},
		{"live-sync-companies", finops.Companies},
		{"live-sync-companies", dataverse.Companies},
		{"pause-duration", e.PauseAge},
		{"pause-volume", e.PauseSize},
		{"catch-up-errors-kept", e.PurgeAfter},
		{"alert-count", e.Jobs[0].Alerts[0].Count},
		{"alert-interval", e.Jobs[0].Alerts[0].Within},
		{"initial-sync-companies", engine.CompaniesMax},
		{"initial-sync-rows", e.InitialRows},
		{"initial-sync-lookups", engine.LookupsMax},
		{"initial-sync-lookups", e.Lookups},
		{"async-requests-queued", engine.DeskRequestsMax},
		{"async-requests-queued", e.DeskRequests},
		{"async-records-per-request", engine.DeskRecordsMax},
		{"async-records-per-request", e.DeskRecords},
		{"dataverse-change-page", i.Page},
		{"dataverse-batch-start", e.Batch},
		{"dataverse-fallback-wait", e.RetryBase},
		{"dataverse-fallback-wait", i.RetryBase},
		{"integrator-interval", integrator.ShortestInterval},
		{"integrator-rows", i.RowsMax},
		{"integrator-projects", i.ScheduledMax},
		{"integrator-history", i.History},
	} {
		p, known := find(catalog.Parameters(), func(p catalog.Parameter) bool { return p.Name == n.name })
		if !known || p.Basis != catalog.Documented || plain(p.Value) != n.String() {
			t.Errorf("%s is %s here, and told as %s %q", n.name, n, p.Basis, p.Value)
		}
	}
	if dataverse.Records != 0 {
		t.Errorf("a transaction of Dataverse may carry %d records; the document limits only those of finance and operations", dataverse.Records)
	}
}

// TestTheEnginesDefaultsAreTheLanguages: who drives the engine without a scenario
// begins with what a scenario begins with, and what the reference tells.
func TestTheEnginesDefaultsAreTheLanguages(t *testing.T) {
	t.Parallel()
	e, i := engine.Config{}.WithDefaults(), integrator.Config{}.WithDefaults()
	for _, n := range []ownNumber{
		{"engine.workers", e.Workers},
		{"engine.batch", e.Batch},
		{"engine.queue", e.QueueMax},
		{"engine.poll", e.Poll},
		{"engine.lock-wait", e.LockWait},
		{"engine.retry.attempts", e.Attempts},
		{"engine.retry.base", e.RetryBase},
		{"engine.retry.factor", e.RetryTimes},
		{"engine.retry.cap", e.RetryCap},
		{"engine.breaker.trip-after", e.TripAfter},
		{"engine.breaker.probe", e.Probe},
		{"engine.initial-sync.rows", e.InitialRows},
		{"engine.initial-sync.chunk", e.InitialChunk},
		{"engine.pause.longest", e.PauseAge},
		{"engine.pause.size", e.PauseSize},
		{"integrator.batch", i.Batch},
		{"integrator.rows-max", i.RowsMax},
	} {
		told, known := find(Defaults(), func(d Default) bool { return d.Path == n.name })
		if !known || plain(told.Value) != n.String() {
			t.Errorf("%s is %s without a scenario, and %q in one", n.name, n, told.Value)
		}
	}
}

// find returns the first of a list that is meant.
func find[T any](list []T, meant func(T) bool) (found T, ok bool) {
	if i := slices.IndexFunc(list, meant); i >= 0 {
		return list[i], true
	}
	return found, false
}
