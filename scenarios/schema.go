package scenarios

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/users"
)

// Lengths of texts, in bytes.
const (
	nameBytesMax    = 64
	entityBytesMax  = 128
	purposeBytesMax = 4096
	fileBytesMax    = 512
)

// Keys of the language that this version does not have yet.
const (
	laterIntegrator = "the data integrator carries all maps or none: write engine: {mode: integrator}"
)

var name = text{identifier: true, bytesMax: nameBytesMax}

// schema is the whole language, in the order in which the resolved file
// shows it. What a key refers to comes before it.
var schema shape = object{
	name: "a scenario",
	keys: []key{
		{
			name: "schema", shape: discriminator("twinwrite/v1"), required: true,
			doc: "the language of the file: schema: twinwrite/v1",
		},
		{
			name: "name", shape: name, required: true,
			doc: "a short name for folders and reports, for example invoice-peak",
		},
		{
			name: "purpose", shape: text{bytesMax: purposeBytesMax},
			doc: "the question that the scenario answers",
		},
		{
			name: "seed", shape: leaf{seed}, standard: "1", source: "assumed: any seed is as good as another",
			doc: "the root of all random draws",
		},
		{
			name: "time", shape: timeObject, required: true,
			doc: "write for example time: {start: 2026-01-31T08:00:00Z, run: 8h}",
		},
		{
			name: "runs", shape: runsObject, standard: "{}", source: "assumed: one run shows the mechanism; intervals need more",
			doc: "how often the world is simulated",
		},
		{
			name: "systems", shape: systemsObject, standard: "{}", source: "assumed: each value says where it comes from",
			doc: "how the two business systems behave",
		},
		{
			name: "links", shape: linksObject, standard: "{}", source: "assumed: each value says where it comes from",
			doc: "the network between the engine and the two systems",
		},
		{
			name: "template", shape: expandable, expands: true,
			doc: "a set of maps of the catalog, with a job that carries them; maps and jobs can say more: prospect-to-cash",
		},
		{
			name: "maps", shape: list{name: "map", named: "name", item: mapObject, least: 1}, required: true,
			doc: "the table maps: - {name: customers, finops: CustomersV3, dataverse: accounts, key: [accountnumber], columns: [name]}",
		},
		{
			name: "jobs", shape: list{name: "job", named: "name", item: jobObject, least: 1}, required: true,
			doc: "the integration jobs: - {name: billing, primary: finops, sequence: [customers, invoices]}",
		},
		{
			name: "records", shape: list{name: "record", named: "name", item: recordsObject}, standard: "[]", source: "assumed: both systems are empty",
			doc: "what is there before the run begins: - {name: old, map: customers, both: 400, differ: 5%, finops: 100}",
		},
		{
			name: "workload", shape: list{name: "workload", named: "name", item: workloadObject, least: 1}, required: true,
			doc: "what users do",
		},
		{
			name: "users", shape: usersObject, standard: "{}", source: "assumed: each value says where it comes from",
			doc: "what users do whose save does not get through",
		},
		{
			name: "validations", shape: list{name: "validation", named: "name", item: validationObject}, standard: "[]",
			source: "assumed: nothing is refused", doc: "business rules that refuse writes",
		},
		{
			name: "faults", shape: list{name: "fault", named: "name", item: faultChoice}, standard: "[]",
			source: "assumed: nothing breaks", doc: "what breaks, and when",
		},
		{
			name: "operators", shape: list{name: "operation", named: "name", item: operationChoice}, standard: "[]",
			source: "assumed: nobody works at the error desk", doc: "what operators do, and when: - {at: 8h, do: pause, job: billing}",
		},
		{
			name: "engine", shape: engineObject, standard: "{}", source: "assumed: each value says where it comes from",
			doc: "the settings of the sync engine",
		},
		{
			name: "integrator", shape: integratorObject, standard: "{}", source: "assumed: each value says where it comes from",
			doc: "the data integrator, which carries changes in engine.mode: integrator",
		},
		{
			name: "spotlight", shape: composite(readTexts), standard: "[]", source: "assumed: no transaction is special",
			doc: "transactions of a trace whose story the report tells, by their value in the transaction column",
		},
		{
			name: "expect", shape: list{name: "expectation", named: "id", item: expectObject}, standard: "[]",
			source: "assumed: the properties are checked in any case", doc: "what the runs must show",
		},
		{name: "sweep", shape: sweepObject, doc: "values of settings to go through, each a point with runs of its own"},
	},
	also: checkWhole,
}

var timeObject = object{name: "time", keys: []key{
	{
		name: "start", shape: leaf{instant}, required: true,
		doc: "the calendar time at which a run begins, for example 2026-01-31T08:00:00Z",
	},
	{
		name: "run", shape: positive{timeSpan}, required: true,
		doc: "how long users work, for example 8h",
	},
	{
		name: "drain", shape: notNegative{timeSpan}, standard: "1h", source: "assumed: long enough for a queue that drains at all",
		doc: "how long the engine works on after the users have gone",
	},
	{
		name: "warmup", shape: notNegative{timeSpan}, standard: "0s", source: "assumed: every change counts",
		doc: "changes committed before are simulated, and left out of every figure of convergence",
	},
}, also: checkTime}

var runsObject = object{name: "runs", keys: []key{
	{
		name: "count", shape: leaf{whole(1, 10_000)}, standard: "1", source: "assumed: one run shows the mechanism; intervals need more",
		doc: "how often the world is simulated, each time with other draws",
	},
	{name: "max", shape: leaf{whole(1, 10_000)}, doc: "with precision: how many runs there may be at most"},
	{
		name: "precision", doc: "more runs until a figure is known so well: {metric: p99(convergence), relative: 5%}",
		shape: object{name: "precision", keys: []key{
			{name: "metric", shape: composite(readFigure), required: true, doc: "the figure, for example p99(convergence)"},
			{name: "relative", shape: leaf{share}, required: true, doc: "half of its interval by its mean, for example 5%"},
			{
				name: "confidence", shape: leaf{share}, standard: "95%", source: "assumed: the usual one",
				doc: "the confidence of its interval, and of those of all expectations",
			},
		}},
	},
}, also: checkRuns}

var systemsObject = object{name: "systems", keys: []key{
	{
		name: "finops", shape: finOpsObject, standard: "{}", source: "assumed: each value says where it comes from",
		doc: "finance & operations",
	},
	{
		name: "dataverse", shape: dataverseObject, standard: "{}", source: "assumed: each value says where it comes from",
		doc: "Dataverse",
	},
}}

var finOpsObject = systemShape(systemDefaults{
	throttle: key{
		name: "throttle", doc: "resource-based throttling of the engine's requests: {overload: 20}",
		shape: object{name: "throttle", keys: []key{
			throttleRetryAfter,
			{name: "overload", shape: leaf{number(0.1, 10_000)}, required: true, doc: "jobs for each server from which on requests are refused; not published"},
		}},
	},
	liveSize:    given{"0B", "documented: live synchronization limits, no size from finance & operations"},
	messageTime: given{"0s", "assumed: no limit is published"},
	messageRows: given{"0", "assumed: no limit is published"},
	refused:     given{`""`, "assumed: none is known"},
	liveRecords: given{"1000", "documented: live synchronization limits, 1,000 records from finance & operations"},
	servers:     given{"16", "assumed: batch threads of a small production environment; not published"},
	commit:      given{"{dist: lognormal, p50: 80ms, p99: 900ms}", "assumed: no figures are published"},
	read:        given{"{dist: lognormal, p50: 40ms, p99: 300ms}", "assumed: no figures are published"},
	apply:       given{"{dist: lognormal, p50: 120ms, p99: 2s}", "assumed: no figures are published"},
	perRecord:   given{"4ms", "assumed: no figures are published"},
	foldCase:    given{"false", "assumed: the stricter case, in which F&O keeps spellings apart that Dataverse takes for one"},
	staleSave:   given{"refuse", "documented: X++ compares RecVersion at the update and raises UpdateConflict"},
})

var dataverseObject = systemShape(systemDefaults{
	throttle: key{
		name: "throttle", doc: "service protection against the engine's requests; {} has the documented limits",
		shape: object{name: "throttle", keys: []key{
			{name: "requests", shape: leaf{whole(1, 10_000_000)}, standard: "6000", source: "documented: Dataverse service protection limits", doc: "requests of each user on each web server in the window"},
			{name: "busy", shape: positive{timeSpan}, standard: "1200s", source: "documented: Dataverse service protection limits", doc: "time of the requests in the window"},
			{name: "concurrent", shape: leaf{whole(1, 100_000)}, standard: "52", source: "documented: Dataverse service protection limits", doc: "requests under way"},
			{name: "window", shape: positive{timeSpan}, standard: "300s", source: "documented: Dataverse service protection limits", doc: "the sliding window"},
			{name: "users", shape: leaf{whole(1, 1000)}, standard: "1", source: "assumed: dual-write has one application user", doc: "users that the engine's requests are spread over"},
			throttleRetryAfter,
			{name: "web-servers", shape: leaf{whole(1, 100)}, standard: "1", source: "assumed: their number is not published", doc: "web servers that they are spread over"},
		}},
	},
	liveSize:    given{"116.85MB", "documented: live synchronization limits; the same page also prints 116.65 MB"},
	messageTime: given{"120s", "documented: Dataverse ends a message after 2 minutes, plug-ins included"},
	messageRows: given{"1000", "documented: Dataverse takes 1,000 operations in a request"},
	refused:     given{`'/<>*%&:\?+'`, "documented: key values that hold one of these break requests by alternate key"},
	liveRecords: given{"0", "documented: live synchronization limits, no number of records from Dataverse"},
	servers:     given{"52", "documented: Dataverse service protection limits, concurrent requests of a user"},
	commit:      given{"{dist: lognormal, p50: 120ms, p99: 1500ms}", "assumed: no figures are published"},
	read:        given{"{dist: lognormal, p50: 60ms, p99: 500ms}", "assumed: no figures are published"},
	apply:       given{"{dist: lognormal, p50: 90ms, p99: 1200ms}", "assumed: no figures are published"},
	perRecord:   given{"{dist: gamma, mean: 30ms, cv: 0.8}", "assumed: synchronous plug-ins; guidance asks for less than 2 s each"},
	foldCase:    given{"true", "assumed: alternate keys compare without regard to case"},
	staleSave:   given{"overwrite", "documented: Dataverse compares row versions only when the request asks for it (IfRowVersionMatches)"},
})

var throttleRetryAfter = key{
	name: "retry-after", shape: positive{timeSpan}, standard: "1s", source: "assumed: documented is only that it grows when a client keeps pushing",
	doc: "the least that a client is told to wait; who comes back before is told twice as much",
}

// given is a default with its source.
type given struct{ value, source string }

type systemDefaults struct {
	throttle key

	liveRecords, liveSize, messageTime, messageRows, refused given

	servers, commit, read, apply, perRecord, foldCase, staleSave given
}

func systemShape(d systemDefaults) object {
	return object{name: "a system", keys: []key{
		{
			name: "clock", shape: clockObject, standard: "{}", source: "assumed: each value says where it comes from",
			doc: "how the system's local clock is wrong",
		},
		{
			name: "servers", shape: leaf{whole(1, 10_000)}, standard: d.servers.value, source: d.servers.source,
			doc: "how many requests are served at once; others queue",
		},
		{
			name: "commit", shape: distribution, standard: d.commit.value, source: d.commit.source,
			doc: "service time of a user's transaction",
		},
		{
			name: "read", shape: distribution, standard: d.read.value, source: d.read.source,
			doc: "service time of the engine's read of a batch",
		},
		{
			name: "apply", shape: distribution, standard: d.apply.value, source: d.apply.source,
			doc: "service time of the engine's write of a batch",
		},
		{
			name: "per-record", shape: distribution, standard: d.perRecord.value, source: d.perRecord.source,
			doc: "on top, for each row that a commit or a write changes",
		},
		{
			name: "keys", standard: "{}", source: "assumed: each value says where it comes from", doc: "how integration keys are compared",
			shape: object{name: "keys", keys: []key{
				{
					name: "fold-case", shape: leaf{truth}, standard: d.foldCase.value, source: d.foldCase.source,
					doc: "two keys that differ only in case are one key",
				},
			}},
		},
		{
			name: "stale-save", shape: staleSaveWord, standard: d.staleSave.value, source: d.staleSave.source,
			doc: "what happens when a user saves a record that has changed since he opened it",
		},
		{
			name: "notification", shape: notificationObject, standard: "{}", source: "assumed: each value says where it comes from",
			doc: "the signal to the engine that something is to be carried",
		},
		{
			name: "delete-style", standard: "restore", source: "assumed: the documentation does not say",
			doc: "what makes up for a live delete of the other side that fails after this side's record is gone: restore (what the other side holds comes back; columns that it does not hold are lost) or hide (the record was only hidden, and nothing is lost)",
			shape: word{name: "a style of deletes", choices: []meaning{
				{word: "restore", value: RestoreDeleted},
				{word: "hide", value: HideDeleted},
			}},
		},
		{name: "plug-ins", shape: distribution, doc: "what the side's own logic takes for each record that the engine writes, for example 60ms"},
		d.throttle,
		{
			name: "live", standard: "{}", source: "assumed: each value says where it comes from", doc: "limits of a live transaction that begins on this side",
			shape: object{name: "live", keys: []key{
				{name: "records", shape: leaf{whole(0, 1_000_000)}, standard: d.liveRecords.value, source: d.liveRecords.source, doc: "records in one transaction, headers and lines alike; 0: no limit"},
				{
					name: "companies", shape: leaf{whole(0, 10_000)}, standard: "250", source: "documented: live synchronization limits, 250 companies in one transaction",
					doc: "companies in one transaction; 0: no limit",
				},
				{name: "size", shape: leaf{size(0)}, standard: d.liveSize.value, source: d.liveSize.source, doc: "what one transaction weighs on its way, as JSON; 0B: no limit"},
				{
					name: "time", shape: positive{timeSpan}, standard: "120s", source: "documented: live synchronization limits, 120 s in both directions",
					doc: "how long a transaction may take on the other side",
				},
			}},
		},
		{
			name: "message", standard: "{}", source: "assumed: each value says where it comes from", doc: "limits of what the engine sends to this side",
			shape: object{name: "message", keys: []key{
				{
					name: "time", shape: notNegative{timeSpan}, standard: d.messageTime.value, source: d.messageTime.source,
					doc: "how long the write of a record may take, plug-ins included; 0s: no limit",
				},
				{
					name: "records", shape: leaf{whole(0, 1_000_000)}, standard: d.messageRows.value, source: d.messageRows.source,
					doc: "how many records a request may write; 0: any number",
				},
				{
					name: "refused-in-keys", shape: cellShape{}, standard: d.refused.value, source: d.refused.source,
					doc: "characters by which the engine cannot find a record; \"\": none",
				},
			}},
		},
		{
			name: "token-life", shape: positive{timeSpan}, standard: "7d", source: "documented: change tracking keeps a token for 7 days unless ExpireChangeTrackingInDays says otherwise",
			doc: "after which time a token of change tracking is refused, by which the data integrator may ask for changes",
		},
	}}
}

var clockObject = object{name: "clock", keys: []key{
	{
		name: "offset", shape: leaf{timeSpan}, standard: "0s", source: "assumed: clocks are right until a scenario says otherwise",
		doc: "how far the clock is ahead at the start; negative: behind",
	},
	{
		name: "drift", shape: leaf{ppm}, standard: "0ppm", source: "assumed: clocks are right until a scenario says otherwise",
		doc: "how fast the clock gains",
	},
	{
		name: "slew", shape: leaf{slewing}, standard: "0ppm", source: "assumed: no daemon, or one that is not right itself",
		doc: "how fast a time daemon takes an error back without a step; NTP: 500ppm",
	},
	{
		name: "granularity", shape: positive{timeSpan}, standard: "1s", source: "assumed: modified times are kept in whole seconds",
		doc: "the distance between two readings",
	},
	{
		name: "steps", standard: "[]", source: "assumed: nobody sets the clock",
		shape: list{name: "step", named: "name", item: object{name: "a clock step", keys: []key{
			{name: "name", shape: name, doc: "its name in paths"},
			{name: "at", shape: composite(readMoment), required: true, doc: "when, for example 3h or 14:35"},
			{name: "by", shape: leaf{timeSpan}, required: true, doc: "how far the clock is moved, for example +90s"},
		}}},
		doc: "moments at which somebody sets the clock",
	},
}}

var staleSaveWord = word{name: "a policy for stale saves", choices: []meaning{
	{word: "refuse", value: RefuseStale},
	{word: "overwrite", value: OverwriteStale},
}}

var notificationObject = object{name: "notification", keys: []key{
	{
		name: "delay", shape: distribution, standard: "{dist: exponential, mean: 200ms}", source: "assumed: just-in-time, no figures are published",
		doc: "from the commit until the engine hears of it",
	},
	{
		name: "loss", shape: leaf{share}, standard: "0%", source: "assumed: none is lost until a scenario says otherwise",
		doc: "how many never arrive",
	},
	{
		name: "duplicate", shape: leaf{share}, standard: "0%", source: "assumed: none comes twice until a scenario says otherwise",
		doc: "how many arrive twice",
	},
}}

var linksObject = object{name: "links", keys: []key{
	{
		name: "engine->finops", shape: linkObject, standard: "{}", source: "assumed: each value says where it comes from",
		doc: "between the engine and finance & operations",
	},
	{
		name: "engine->dataverse", shape: linkObject, standard: "{}", source: "assumed: each value says where it comes from",
		doc: "between the engine and Dataverse",
	},
	{name: "finops->dataverse", later: "the systems do not talk to each other in async; write engine->dataverse"},
	{name: "dataverse->finops", later: "the systems do not talk to each other in async; write engine->finops"},
}}

var linkObject = object{name: "a link", keys: []key{
	{
		name: "latency", shape: distribution, standard: "{dist: shifted, by: 5ms, of: {dist: exponential, mean: 10ms}}", source: "assumed: one region",
		doc: "time one way",
	},
	{
		name: "loss", shape: leaf{share}, standard: "0%", source: "assumed: none is lost until a scenario says otherwise",
		doc: "how many requests or answers are lost; the engine learns nothing until its timeout",
	},
}}

var mapObject = object{
	name: "a map",
	keys: []key{
		{name: "name", shape: name, required: true, doc: "its name in this file, for example invoices"},
		{name: "finops", shape: text{bytesMax: entityBytesMax}, required: true, doc: "the data entity, for example SalesInvoiceHeadersV2"},
		{name: "dataverse", shape: text{bytesMax: entityBytesMax}, required: true, doc: "the table, for example invoices"},
		{name: "key", shape: composite(readNames), required: true, doc: "the key columns without the company, for example [invoicenumber]"},
		{
			name: "company", shape: leaf{truth}, standard: "false", source: "assumed: records are shared by all companies",
			doc: "whether the company is part of the key",
		},
		{
			name: "direction", shape: flowWord, standard: "both", source: "assumed: most table maps of dual-write carry changes both ways",
			doc: "which way changes go: both, to-dataverse or to-finops; a column may have its own",
		},
		{
			name: "mode", shape: mapModeWord, standard: "async", source: "assumed: async is what the scenario is about",
			doc: "how changes are carried: async (queued, in the background) or live (inside the user's transaction)",
		},
		{
			name: "columns", standard: "[]", source: "assumed: the map has lookups only",
			shape: list{name: "column", named: "name", short: true, item: columnObject},
			doc:   "mapped columns with plain data: [name, {name: price, type: number}]",
		},
		{
			name: "lookups", shape: composite(readLookups), standard: "{}", source: "assumed: the map's records stand alone",
			doc: "columns that name a record of another map, or of one of several: {customer: customers, buyer: [accounts, contacts]}; a trace names one of the first",
		},
		{
			name: "async", standard: "supported", source: "assumed: a map can run in async mode unless the catalog says otherwise",
			doc:   "unsupported: the map can only run live",
			shape: word{name: "an answer", choices: []meaning{{word: "supported", value: Supported}, {word: "unsupported", value: Unsupported}}},
		},
		{
			name: "granularity", standard: "record", source: "assumed: the documentation tells of records, not of fields",
			doc:   "what a conflict is about: record (all two-way columns together) or field (each by itself)",
			shape: word{name: "a granularity", choices: []meaning{{word: "record", value: engine.PerRecord}, {word: "field", value: engine.PerField}}},
		},
		{
			name: "unlinked", standard: "carry", source: "assumed: the documentation does not say",
			doc: "what becomes of a record that both sides hold and no sync has linked, when one of them is changed: carry (the change; what it overwrites is drift) or primary (the primary side decides)",
			shape: word{name: "a way with unlinked records", choices: []meaning{
				{word: "carry", value: engine.UnlinkedCarry},
				{word: "primary", value: engine.UnlinkedPrimary},
			}},
		},
		{
			name: "on-leave", standard: "leave", source: "assumed: the documentation does not say",
			doc: "what a record that leaves the filter does to the other side's: leave (nothing) or delete (it, live)",
			shape: word{name: "a way with records that leave", choices: []meaning{
				{word: "leave", value: engine.LeaveAlone},
				{word: "delete", value: engine.LeaveDelete},
			}},
		},
		{
			name: "filter", shape: filterObject, standard: "{}", source: "assumed: every record belongs to the map",
			doc: "which records belong to the map, by side: {finops: {status: Open}}",
		},
		{name: "template", shape: expandable, expands: true, doc: "a map of the catalog, whose keys, columns and lookups count where they are not given here: customers-v3-organizations"},
		{name: "without", shape: composite(readNames), expands: true, doc: "columns and lookups of the template that are left out: [creditlimit, msdyn_vendor]"},
	},
	also: checkMap,
}

var carrierWord = word{name: "a mode", choices: []meaning{
	{word: "async", value: Async},
	{word: "live", value: AllLive},
	{word: "integrator", value: Integrated},
}}

var mapModeWord = word{name: "a mode", choices: []meaning{
	{word: "async", value: engine.Async},
	{word: "live", value: engine.Live},
	{word: "integrator", later: laterIntegrator},
}}

var jobObject = object{name: "a job", keys: []key{
	{name: "name", shape: name, required: true, doc: "its name, for example billing"},
	{name: "primary", shape: sideWord, required: true, doc: "the side whose record wins a conflict: finops or dataverse"},
	{name: "sequence", shape: readMaps("a job"), required: true, doc: "its maps, parents first: [customers, invoices, lines]"},
	{
		name: "begins", standard: "active", source: "assumed: integration runs already",
		doc: "how the job is when the run begins: active, or stopped (nothing is captured until an operator starts it)",
		shape: word{name: "a beginning", choices: []meaning{
			{word: "active", value: BeginsActive},
			{word: "stopped", value: BeginsStopped},
		}},
	},
	{
		name: "alerts", shape: list{name: "alert", named: "name", item: alertObject}, standard: "[]", source: "documented: alerts are set up by hand",
		doc: "who is told of failures, and what is done: - {count: 10, within: 15m, action: pause}",
	},
}}

var sideWord = word{name: "a side", choices: []meaning{
	{word: "finops", value: engine.FinOps},
	{word: "dataverse", value: engine.Dataverse},
}}

var workloadObject = object{
	name: "a workload",
	keys: []key{
		{name: "name", shape: name, required: true, doc: "its name, for example crm-edits"},
		{name: "side", shape: sideWord, required: true, doc: "where the users work: finops or dataverse"},
		{
			name: "enabled", shape: leaf{truth}, standard: "true", source: "assumed: what is written counts",
			doc: "false leaves the workload out",
		},
		{name: "arrivals", shape: arrivalsChoice, doc: "when transactions come: {rate: 25/s}"},
		{
			name: "transaction", shape: list{name: "step", named: "name", by: "map", item: stepObject, least: 1},
			doc: "what each transaction does: - {map: customers, update: 1}",
		},
		{name: "open-for", shape: distribution, doc: "how long before saving the user had opened the record; what he did not see by then makes his save stale"},
		{
			name: "concurrent-edit", doc: "the same records, edited on the other side by somebody else",
			shape: object{name: "concurrent-edit", keys: []key{
				{name: "probability", shape: leaf{share}, required: true, doc: "how many transactions have one, for example 2%"},
				{name: "gap", shape: distribution, required: true, doc: "how long after the first commit, for example 5s"},
				{
					name: "columns", standard: "same", source: "assumed: people meet over the same figures",
					doc:   "which columns he writes: same (those that the first user has written) or other (those that he has left alone; of what he has created all)",
					shape: word{name: "a choice of columns", choices: []meaning{{word: "same", value: SameColumns}, {word: "other", value: OtherColumns}}},
				},
				{
					name: "creates", shape: leaf{truth}, standard: "false", source: "assumed: nobody edits what has not arrived",
					doc: "what has not arrived on the other side is created there under the same key",
				},
			}},
		},
		{name: "trace", shape: traceObject, doc: "a recorded day to replay instead of arrivals and transaction"},
	},
	also: checkWorkload,
}

var usersObject = object{name: "users", keys: []key{
	{
		name: "patience", shape: distribution, standard: "{dist: exponential, mean: 1m}", source: "assumed: people look in from time to time",
		doc: "how long a user waits before he tries again what an outage kept him from",
	},
	{
		name: "redo", shape: distribution, standard: "10s", source: "assumed: he opens the record once more and types quickly",
		doc: "how long a user takes to make an edit again whose save was refused as stale; he does it once",
	},
	{
		name: "again", shape: distribution, standard: "{dist: exponential, mean: 30s}", source: "assumed: people try again soon",
		doc: "how long a user waits before he tries again what met a busy record, or a live transaction that failed for a passing reason",
	},
	{
		name: "tries", shape: leaf{whole(1, 100)}, standard: "3", source: "assumed: then he calls somebody",
		doc: "how often he tries that in all",
	},
	{
		name: "oversize", standard: "give-up", source: "documented: the advice is to split such a transaction, which is work for developers",
		doc: "what becomes of a transaction that is over a limit of live sync: give-up, or split (it is saved in parts that fit, each by itself)",
		shape: word{name: "a way with what is too large", choices: []meaning{
			{word: "give-up", value: users.GiveUp},
			{word: "split", value: users.Split},
		}},
	},
}}

var stepObject = object{
	name: "a step",
	keys: []key{
		{name: "name", shape: name, doc: "its name in paths; the map's name if there is none"},
		{name: "map", shape: composite(readMapName), required: true, doc: "the map whose records it writes"},
		{name: "create", shape: count, doc: "how many records it creates"},
		{name: "update", shape: count, doc: "how many records it changes"},
		{
			name: "pick", shape: composite(readPick), standard: "uniform", source: "assumed: no record is busier than another",
			doc: "which records an update changes: uniform, or {zipf: 1.1}",
		},
		{name: "columns", shape: composite(readNames), doc: "the columns that an update writes; all if not given"},
		{
			name: "contents", shape: composite(readContents),
			doc: "what a create or update writes into columns, in place of what these say: {status: [Open, Closed]}",
		},
		{name: "delete", shape: count, doc: "how many records it deletes; deletes go live, past the queue"},
	},
	also: checkStep,
}

var traceObject = object{
	name: "a trace",
	keys: []key{
		{name: "file", shape: text{bytesMax: fileBytesMax}, required: true, doc: "the CSV file, beside the scenario, for example day.csv; one that ends in .gz is unpacked as it is read"},
		{name: "at", shape: text{bytesMax: nameBytesMax}, required: true, doc: "the column with the time, as 2026-01-31T18:00:00Z"},
		{name: "transaction", shape: text{bytesMax: nameBytesMax}, required: true, doc: "the column whose equal values commit together"},
		{
			name: "speed", shape: leaf{ratio}, standard: "1x", source: "assumed: as it was recorded",
			doc: "10x makes the day ten times busier and ten times shorter",
		},
		{
			name: "shift", shape: leaf{timeSpan}, standard: "0s", source: "assumed: as it was recorded",
			doc: "moves the whole trace in time, after speed",
		},
		{
			name: "rows", shape: list{name: "row", named: "name", by: "map", item: traceRowObject, least: 1}, required: true,
			doc: "what one row writes: - {map: lines, key: {line: line}, values: {price: unitprice}}",
		},
		{
			name: "operation", shape: operationObject, standard: "{}", source: "assumed: each value says where it comes from",
			doc: "whether a transaction creates or updates its records",
		},
	},
}

var traceRowObject = object{
	name: "a trace row",
	keys: []key{
		{name: "name", shape: name, doc: "its name in paths; the map's name if there is none"},
		{name: "map", shape: composite(readMapName), required: true, doc: "the map whose record it writes"},
		{
			name: "once", doc: "transaction: only with the first row of each; key: only when the trace first shows the key",
			shape: word{name: "a word for once", choices: []meaning{
				{word: "transaction", value: PerTransaction},
				{word: "key", value: PerKey},
			}},
		},
		{
			name: "ahead", shape: notNegative{timeSpan}, standard: "0s", source: "assumed: booked in the transaction that first needs it",
			doc: "with once: key, how long before that the record is booked, in a transaction of its own",
		},
		{name: "company", shape: text{bytesMax: nameBytesMax}, doc: "the column with the company"},
		{name: "key", shape: composite(readSources), required: true, doc: "where each key column comes from: {invoicenumber: invoice}"},
		{
			name: "lookups", shape: composite(readLookupSources), standard: "{}", source: "assumed: lookups not named stay empty",
			doc: "where the keys of looked-up records come from: {customer: {column: customer, empty: WALK-IN}}; for a lookup of several maps also which one: {customer: {column: customer, map: accounts, when: [{column: kind, prefix: P, map: contacts}]}}",
		},
		{
			name: "values", shape: composite(readSources), standard: "{}", source: "assumed: columns not named stay empty",
			doc: "where each column comes from: {price: unitprice, status: {constant: Open}}",
		},
	},
	also: checkTraceRow,
}

var operationObject = object{name: "operation", keys: []key{
	{
		name: "default", shape: operationWord, standard: "create", source: "assumed: a trace shows what was booked",
		doc: "what transactions do that no case matches",
	},
	{
		name: "when", standard: "[]", source: "assumed: all transactions do the same", doc: "the first case that matches decides",
		shape: list{name: "case", named: "name", item: object{name: "a case", keys: []key{
			{name: "name", shape: name, doc: "its name in paths"},
			{name: "column", shape: text{bytesMax: nameBytesMax}, required: true, doc: "the column that it looks at"},
			{name: "prefix", shape: text{bytesMax: nameBytesMax}, required: true, doc: "what the cell must begin with"},
			{name: "then", shape: operationWord, required: true, doc: "create, update or delete"},
		}}},
	},
}}

var operationWord = word{name: "an operation", choices: []meaning{
	{word: "create", value: engine.Create},
	{word: "update", value: engine.Update},
	{word: "delete", value: engine.Delete},
}}

var engineObject = object{
	name: "engine",
	keys: []key{
		{
			name: "mode", shape: carrierWord, standard: "async", source: "assumed: async is what the scenario is about",
			doc: "who carries changes: async (the engine, in the background, but for maps that are live by themselves), live (the engine, inside the users' transactions) or integrator (the data integrator, on its schedule)",
		},
		{
			name: "workers", shape: leaf{whole(1, 1024)}, standard: "8", source: "assumed: the number of background workers is not published",
			doc: "how many batches are under way at once",
		},
		{
			name: "batch", shape: leaf{whole(1, 1000)}, standard: "10", source: "documented: Dataverse guidance for bulk requests starts at about 10 operations; 1,000 is its limit",
			doc: "how many records a batch holds",
		},
		{
			name: "queue", shape: leaf{whole(1, 10_000_000)}, standard: "100000", source: "assumed: that the queue is bounded is not published",
			doc: "how many changes of one side the engine holds at once, beside those that wait for people; the outbox keeps the others",
		},
		{
			name: "timeout", shape: positive{timeSpan}, standard: "2m", source: "documented: Dataverse ends a message after 2 minutes, plug-ins included",
			doc: "when a request without an answer is given up",
		},
		{
			name: "retry", standard: "{}", source: "assumed: each value says where it comes from", doc: "what follows a system failure",
			shape: object{name: "retry", keys: []key{
				{
					name: "attempts", shape: leaf{whole(1, 100)}, standard: "5", source: "assumed: not published for async",
					doc: "how often a change is tried before it goes to the error desk",
				},
				{
					name: "base", shape: positive{timeSpan}, standard: "2s", source: "documented: 2^n seconds in the Dataverse samples for requests that were throttled",
					doc: "the first back-off at its longest; each is drawn evenly, from above zero up to that",
				},
				{
					name: "factor", shape: leaf{number(1, 100)}, standard: "2", source: "documented: 2^n seconds in the Dataverse samples for requests that were throttled",
					doc: "how each back-off grows",
				},
				{
					name: "cap", shape: positive{timeSpan}, standard: "5m", source: "assumed: not published for async",
					doc: "the longest back-off",
				},
			}, also: checkRetry},
		},
		{
			name: "breaker", standard: "{}", source: "assumed: each value says where it comes from", doc: "what keeps the engine from a side that is down",
			shape: object{name: "breaker", keys: []key{
				{
					name: "trip-after", shape: leaf{whole(1, 1000)}, standard: "3", source: "assumed: not published",
					doc: "failed requests in a row after which a side is left alone",
				},
				{
					name: "probe", shape: positive{timeSpan}, standard: "10s", source: "assumed: not published",
					doc: "how often a side that is left alone is tried",
				},
			}},
		},
		{
			name: "poll", shape: positive{timeSpan}, standard: "1m", source: "assumed: a net below the notifications, not published",
			doc: "how often the outboxes are looked at without a notification",
		},
		{
			name: "sequence", standard: "priority", source: "assumed: the documentation calls it the order of execution and does not say what waits",
			doc: "what a map's place in its job means: priority, or barrier (a map waits until no map before it has work)",
			shape: word{name: "a meaning of sequence", choices: []meaning{
				{word: "priority", value: Priority},
				{word: "barrier", value: Barrier},
			}},
		},
		{
			name: "dependency-graph", shape: leaf{truth}, standard: "true", source: "assumed: a record is carried after those that it looks up",
			doc: "false, as a what-if: nothing waits for the records that it looks up",
		},
		{
			name: "on-parent-error", standard: "hold", source: "assumed: a parent that an operator mends is followed by its children",
			doc: "what becomes of a change that looks up a record on the error desk: hold, or proceed (it fails too)",
			shape: word{name: "a policy for failed parents", choices: []meaning{
				{word: "hold", value: Hold},
				{word: "proceed", value: Proceed},
			}},
		},
		{
			name: "lock-wait", shape: positive{timeSpan}, standard: "10s", source: "assumed: not published",
			doc: "how long a live transaction waits for a record that is in use, before its user is told so",
		},
		{
			name: "delete-race", standard: "refuse", source: "assumed: the documentation does not say",
			doc:   "what becomes of a delete when the primary side has changes that the user had not seen: refuse, or delete-wins",
			shape: word{name: "a policy for deletes", choices: []meaning{{word: "refuse", value: RefuseDelete}, {word: "delete-wins", value: DeleteWins}}},
		},
		{
			name: "delete-policy", standard: "operation", source: "assumed: the documentation can be read both ways",
			doc:   "what of a transaction with a delete goes live: operation (the delete alone), or transaction (all of it)",
			shape: word{name: "a policy for deletes", choices: []meaning{{word: "operation", value: DeleteAlone}, {word: "transaction", value: DeleteAll}}},
		},
		{
			name: "initial-sync", standard: "{}", source: "assumed: each value says where it comes from", doc: "how maps are copied before they run",
			shape: object{name: "initial-sync", keys: []key{
				{
					name: "rows", shape: leaf{whole(1, 10_000_000)}, standard: "500000", source: "documented: initial sync carries 500,000 rows for each company in a run",
					doc: "the most records that one leg carries; the others are left",
				},
				{
					name: "chunk", shape: leaf{whole(1, 100_000)}, standard: "1000", source: "assumed: not published",
					doc: "how many records are listed at a time",
				},
			}},
		},
		{
			name: "pause", standard: "{}", source: "documented: for 1 day, or 1 GB of records, whichever comes first",
			doc: "how much a paused job queues up, before transactions that would add to it fail; an operator pauses it, under operators",
			shape: object{name: "pause", keys: []key{
				{
					name: "longest", shape: positive{timeSpan}, standard: "24h", source: "documented: a paused map queues up changes for 1 day",
					doc: "for how long",
				},
				{
					name: "size", shape: leaf{size(1)}, standard: "1GB", source: "documented: a paused map queues up 1 GB of records",
					doc: "records of what size, each change with its record as it was",
				},
			}},
		},
	},
}
