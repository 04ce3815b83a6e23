package check

import (
	"slices"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/catalog"
	"github.com/twinwrite/twinwrite/model/oracle"
)

// meeting says how a number or rule of the real systems is met: by marks that cases must
// reach, by a contract that each of them is judged by, by tests, named as in [elsewhere],
// or not at all, since the model has nothing that it could be a limit of.
type meeting struct {
	marks    []string
	contract string
	instead  string
	absent   string
}

func marks(names ...string) meeting { return meeting{marks: names} }
func limits(names ...string) (m meeting) {
	for _, n := range names {
		m.marks = append(m.marks, limitOf+n)
	}
	return m
}

// documented is how what [catalog.Documented] parameters say is met.
var documented = map[string]meeting{
	"live-sync-records":                  limits("records of a live transaction"),
	"live-sync-time":                     limits("time of a live transaction"),
	"live-sync-payload":                  limits("bytes of a live transaction"),
	"live-sync-companies":                limits("companies of a live transaction"),
	"pause-duration":                     limits("time of a pause"),
	"pause-volume":                       limits("bytes queued up in a pause"),
	"catch-up-errors-kept":               limits("time that skipped references are kept"),
	"catch-up-replay":                    {absent: "the engine carries the present record, and each change of it is no more than a reference"},
	"alert-count":                        limits("failures of which people are told"),
	"alert-interval":                     limits("time within which failures count"),
	"change-trigger":                     {instead: "a case edits mapped columns alone; engine: TestTraces/unmapped_edit_is_no_conflict"},
	"initial-sync-companies":             {instead: "cases have two companies, and the number is the engine's own and cannot be set; engine: TestInitialSyncIsRefused"},
	"initial-sync-rows":                  limits("rows of an initial sync"),
	"initial-sync-import-time":           {absent: "an initial sync is listed and carried in small requests, none of which is an import"},
	"initial-sync-single-threaded-rows":  {absent: "no entity is single-threaded"},
	"initial-sync-export-time":           {absent: "an initial sync is listed in small requests, none of which is an export"},
	"initial-sync-lookups":               limits("lookups of a map in an initial sync"),
	"initial-sync-rate":                  {absent: "it is a rule of thumb, and nothing refuses more"},
	"initial-sync-errors-shown":          {absent: "there is no page that shows them; the error desk has them all"},
	"initial-sync-overwrites":            {instead: "a rule, and no number; engine: TestTraces/interim_primary_steps_back"},
	"async-operations":                   {contract: "delete-live"},
	"async-requests-queued":              limits("requests at the error desk"),
	"async-records-per-request":          limits("records of a request at the error desk"),
	"async-error-desk-active":            {instead: "a rule, and no number; engine: TestTraces/desk_needs_an_active_job"},
	"async-conflicts-hidden":             {absent: "there is no page from which they could be hidden"},
	"async-conflict-decision":            {contract: "primary-wins"},
	"dataverse-requests":                 limits("requests in a window"),
	"dataverse-busy":                     limits("execution time in a window"),
	"dataverse-window":                   limits("requests in a window", "execution time in a window"),
	"dataverse-concurrent":               limits("requests at once"),
	"dataverse-web-servers":              {instead: "cases have one, so that a limit is met with few requests; model/system: TestUsersAndServersAreCountedApart"},
	"dataverse-message-time":             limits("time of one record's write"),
	"dataverse-plug-in-time":             {instead: "it is advice, and nothing refuses more until a message's time is over; model/system: TestMessageLimits"},
	"dataverse-batch":                    limits("records of a batch request"),
	"dataverse-batch-start":              limits("items of a batch"),
	"dataverse-change-token":             {instead: "the scheduled copy alone has tokens, and cases have no copy; engine/integrator: TestTokenLife"},
	"dataverse-change-page":              {instead: "the scheduled copy alone reads pages of changes, and cases have no copy; engine/integrator: TestPagesMakeTheListing"},
	"dataverse-alternate-keys":           {absent: "a table map has one key"},
	"dataverse-alternate-key-size":       {absent: "no key is measured: what breaks a key here are characters"},
	"dataverse-alternate-key-columns":    {absent: "a key is one text, whatever columns it is made of"},
	"dataverse-alternate-key-characters": marks("reason: " + engine.KeyRefused.String()),
	"dataverse-fallback-wait":            {instead: "each throttled answer of a case says how long to wait; engine: TestBackoffGrowsToItsCap"},
	"dataverse-entitlement-user":         {absent: "requests are counted in windows of minutes, and not in days"},
	"dataverse-entitlement-pool":         {absent: "requests are counted in windows of minutes, and not in days"},
	"dataverse-money-decimals":           {absent: "a number has six decimals on both sides"},
	"finops-user-requests":               {absent: "it is retired, and dual-write was exempt"},
	"finops-user-busy":                   {absent: "it is retired, and dual-write was exempt"},
	"finops-user-concurrent":             {absent: "it is retired, and dual-write was exempt"},
	"finops-fallback-wait":               {absent: "where no time is given, the engine waits on both sides as Dataverse asks"},
	"finops-odata-page":                  {absent: "the engine reads single records and short listings"},
	"finops-odata-batch":                 {absent: "nothing refuses so much: no batch of the engine comes near it"},
	"finops-odata-volume":                {absent: "it says what OData is meant for, and nothing refuses more"},
	"finops-import-volume":               {absent: "it says what the batch data API brings, and the engine does not use it"},
	"finops-export-volume":               {absent: "it says what the batch data API brings, and the engine does not use it"},
	"finops-concurrency":                 marks("a stale save"),
	"finops-business-event-retries":      {absent: "no business events are sent"},
	"finops-business-event-wait":         {absent: "no business events are sent"},
	"finops-business-event-endpoints":    {absent: "no business events are sent"},
	"integrator-interval":                {instead: "cases have no scheduled copy; engine/integrator: TestEveryFaultAtOnce"},
	"integrator-rows":                    {instead: "cases have no scheduled copy; engine/integrator: TestTraces/row_limit_goes_on_at_the_next_run"},
	"integrator-projects":                {instead: "cases have no scheduled copy; engine/integrator: TestEveryFaultAtOnce"},
	"integrator-starts":                  {instead: "cases have no scheduled copy; engine/integrator: TestTraces/starts_are_held_back"},
	"integrator-history":                 {instead: "cases have no scheduled copy; engine/integrator: TestTraces/history_is_forgotten"},
	"integrator-trial-executions":        {absent: "trials are for trying, and no model is made of them"},
}

// TestDocumentedLimitsAreMet asks of every number and rule that the catalog calls
// documented how cases meet it. What a scenario can set is part of the model, so that it
// needs a mark, a contract or a test.
func TestDocumentedLimitsAreMet(t *testing.T) {
	t.Parallel()
	claimed := map[string]bool{}
	known := 0
	for _, p := range catalog.Parameters() {
		if p.Basis != catalog.Documented {
			continue
		}
		m, listed := documented[p.Name]
		if !listed {
			t.Errorf("%s is documented, and nobody says how cases meet it", p.Name)
			continue
		}
		known++
		if len(p.Paths) > 0 && m.absent != "" {
			t.Errorf("%s can be set as %s, and is said to be no part of the model", p.Name, p.Paths[0])
		}
		ways := 0
		for _, is := range []bool{len(m.marks) > 0, m.contract != "", m.instead != "", m.absent != ""} {
			if is {
				ways++
			}
		}
		if ways != 1 {
			t.Errorf("%s is met in %d ways", p.Name, ways)
		}
		for _, name := range m.marks {
			claimed[name] = true
			if !slices.ContainsFunc(sights, func(s sight) bool { return s.name == name }) {
				t.Errorf("%s: there is no mark %q", p.Name, name)
			}
		}
		if m.contract != "" && !judged(m.contract) {
			t.Errorf("%s: there is no contract %q", p.Name, m.contract)
		}
		if m.instead != "" {
			mustExist(t, p.Name, m.instead)
		}
	}
	if known != len(documented) {
		t.Errorf("%d parameters are listed, and %d of them are documented", len(documented), known)
	}
	for _, s := range limitSights() {
		if !claimed[s.name] && s.name != limitOf+"references that are held at once" { // the engine's own, not documented
			t.Errorf("%q is no documented limit", s.name)
		}
	}
}

func judged(contract string) bool {
	return slices.ContainsFunc(slices.Concat(oracle.Contracts(), Contracts()), func(c oracle.Contract) bool { return c.ID == contract })
}

// TestFailuresFarApart lets two records be refused, at once and a minute apart: people are
// told of the two that came within the time, and of those apart only where it is long.
func TestFailuresFarApart(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		apart, within Span
		told, spread  bool
	}{
		{0, 20 * second, true, false},
		{60 * second, 20 * second, false, true},
		{60 * second, 0, true, false},
	} {
		c := &Case{
			Schema: CaseSchema,
			Setup: Setup{
				Maps: []string{"parties"}, AlertCount: 2, AlertWithin: tc.within,
				Validations: []Validation{{Map: "parties", Side: SideName(engine.Dataverse), Percent: 100}},
			},
		}
		for i, key := range []string{"k0", "k1"} {
			c.Transactions = append(c.Transactions, Transaction{
				At: Span(i) * tc.apart, Edits: []Edit{{Op: "create", Map: "parties", Key: key, Set: []Value{{Column: "name", To: "a"}}}},
			})
		}
		x := execute(t, c, Plan{})
		s, told := look(c, x), false
		for _, a := range x.Result.Alerts {
			told = told || a.Alert.Within != everWithin
		}
		if told != tc.told || s.tooSpread() != tc.spread {
			t.Errorf("%v apart, of which those within %v count: people are told %v, and the time is to blame %v", tc.apart, tc.within, told, s.tooSpread())
		}
	}
}
