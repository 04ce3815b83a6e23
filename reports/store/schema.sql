-- results.sqlite: everything that one scenario produced, for plain SQL.
--
-- Spans and instants are whole nanoseconds (columns ending in _ns); instants
-- count from the scenario's start in true time. Divide by 1e9 for seconds, or
-- use the views below. `side` is 'finops' or 'dataverse'. Every table about
-- runs has the column `run`, which is runs.run.

-- What was simulated; one row.
CREATE TABLE scenario (
  schema    TEXT NOT NULL,    -- version of this file's shape: 'twinwrite/results/v7'
  name      TEXT NOT NULL,
  purpose   TEXT NOT NULL,
  mode      TEXT NOT NULL,    -- 'async', 'live' or 'integrator'
  seed      TEXT NOT NULL,    -- 64 bits unsigned, as text
  hash      TEXT NOT NULL,    -- identity of resolved scenario, seed and model
  model     TEXT NOT NULL,    -- version of the simulated model
  start     TEXT NOT NULL,    -- calendar instant of run time 0, RFC 3339, UTC
  length_ns INTEGER NOT NULL, -- workload window
  warmup_ns INTEGER NOT NULL, -- changes committed before it are in no convergence figure
  drain_ns  INTEGER NOT NULL, -- extra time in which queues may empty
  "primary" TEXT NOT NULL,   -- primary side of each job, as 'billing: finops'
  live_most_finops    INTEGER NOT NULL, -- records that may go live in one transaction of that side; 0: any number
  live_most_dataverse INTEGER NOT NULL,
  command   TEXT NOT NULL     -- the line that reproduces these results
) STRICT;

-- What the scenario demands of its runs, and how it fared. Figures are written
-- as expectations write quantities, '4m12s'; '' where there is none.
CREATE TABLE expectations (
  id       TEXT PRIMARY KEY,
  text     TEXT NOT NULL,
  verdict  TEXT NOT NULL,    -- 'pass', 'fail' or 'inconclusive'
  note     TEXT NOT NULL,
  mean     TEXT NOT NULL,    -- over runs
  low      TEXT NOT NULL,    -- of the confidence interval
  high     TEXT NOT NULL,
  at_least INTEGER NOT NULL, -- 1: the mean is a lower bound
  foreign_mode INTEGER NOT NULL, -- 1: the figure is of another mode, and this one has none
  runs     INTEGER NOT NULL
) STRICT;

-- Looks at whether the runs are enough for the precision that is asked for.
CREATE TABLE looks (
  runs     INTEGER PRIMARY KEY,
  figure   TEXT NOT NULL,
  relative REAL NOT NULL,    -- half the interval by the mean; negative when it cannot be told
  enough   INTEGER NOT NULL
) STRICT;

-- Table maps, in the order of the scenario.
CREATE TABLE maps (
  map       INTEGER PRIMARY KEY, -- 0, 1, ...
  name      TEXT NOT NULL,
  finops    TEXT NOT NULL,       -- data entity
  dataverse TEXT NOT NULL,       -- table
  sequence  INTEGER NOT NULL     -- priority inside its job; lower runs first
) STRICT;

-- Workloads that are enabled, in the order of the scenario.
CREATE TABLE workloads (
  workload INTEGER PRIMARY KEY, -- 0, 1, ...
  name     TEXT NOT NULL
) STRICT;

-- Periods in which the scenario wants a fault to be active.
CREATE TABLE faults (
  kind    TEXT NOT NULL,    -- 'outage', 'engine-crash', ...
  target  TEXT NOT NULL,    -- side or link; '' is the engine
  from_ns INTEGER NOT NULL,
  to_ns   INTEGER NOT NULL,
  note    TEXT NOT NULL
) STRICT;

-- When they really struck; a fault that never struck in a run has no row.
CREATE TABLE strikes (
  run     INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  target  TEXT NOT NULL,
  from_ns INTEGER NOT NULL,
  to_ns   INTEGER NOT NULL,
  note    TEXT NOT NULL
) STRICT;

-- Bugs planted on purpose; normally none.
CREATE TABLE failpoints (
  failpoint TEXT NOT NULL
) STRICT;

-- Those that fired.
CREATE TABLE fired (
  run   INTEGER NOT NULL,
  fired TEXT NOT NULL    -- 'name xN'
) STRICT;

-- Every resolved setting.
CREATE TABLE settings (
  path    TEXT PRIMARY KEY, -- 'engine.retry.base'
  value   TEXT NOT NULL,
  "default" TEXT NOT NULL,  -- '' when there is none
  given   INTEGER NOT NULL, -- 1: the file or --set gave it
  source  TEXT NOT NULL     -- of the default: 'documented: ...' or 'assumed: ...'
) STRICT;

-- One row per simulated world.
CREATE TABLE runs (
  run        INTEGER PRIMARY KEY,
  digest     TEXT NOT NULL,    -- of the trace; equal digests are equal runs
  events     INTEGER NOT NULL, -- kernel events
  end_ns     INTEGER NOT NULL,
  incomplete TEXT NOT NULL,    -- why it stopped early; '' when it did not
  panic      TEXT NOT NULL     -- the broken rule inside that ended it, with the last events; normally ''
) STRICT;

-- The contracts that were checked.
CREATE TABLE properties (
  run        INTEGER NOT NULL,
  property   TEXT NOT NULL,    -- 'converged'
  contract   TEXT NOT NULL,
  verdict    TEXT NOT NULL,    -- 'pass', 'fail', 'inconclusive', or 'no occasion'
  checked    INTEGER NOT NULL, -- how often it was tested
  violations INTEGER NOT NULL,
  note       TEXT NOT NULL,
  PRIMARY KEY (run, property)
) STRICT;

-- The first few breaches of each property.
CREATE TABLE violations (
  run      INTEGER NOT NULL,
  property TEXT NOT NULL,
  at_ns    INTEGER NOT NULL,
  record   TEXT NOT NULL,    -- map, company and key, for people
  message  TEXT NOT NULL
) STRICT;

-- What the data integrator did to users' changes, in mode integrator. Sides are
-- where a change was made.
CREATE TABLE copied (
  run                   INTEGER PRIMARY KEY,
  lost_finops           INTEGER NOT NULL, -- a value survives on neither side, and no user had written over it
  lost_dataverse        INTEGER NOT NULL,
  missed_finops         INTEGER NOT NULL, -- stands on its own side alone, and no run to come will list it
  missed_dataverse      INTEGER NOT NULL,
  overwritten_finops    INTEGER NOT NULL, -- a copy was written over it where it was made
  overwritten_dataverse INTEGER NOT NULL,
  rows                  INTEGER NOT NULL, -- written, deletes among them
  deletes               INTEGER NOT NULL,
  echoes                INTEGER NOT NULL, -- rows that changed nothing
  runs                  INTEGER NOT NULL, -- of all projects that ended
  warnings              INTEGER NOT NULL, -- of them, those that could not copy every row
  broken                INTEGER NOT NULL, -- of them, those that were broken off
  waiting               INTEGER NOT NULL  -- rows that wait for the next run at the end
) STRICT;

-- The first of the lost and missed changes.
CREATE TABLE losses (
  run     INTEGER NOT NULL,
  record  TEXT NOT NULL,    -- map, company and key, for people
  side    TEXT NOT NULL,
  born_ns INTEGER NOT NULL,
  missed  INTEGER NOT NULL  -- 1: it stands on its own side, and was never copied
) STRICT;

-- How references ended, by map, side of origin, class and reason.
CREATE TABLE outcomes (
  run    INTEGER NOT NULL,
  map    TEXT NOT NULL,
  side   TEXT NOT NULL,
  class  TEXT NOT NULL,    -- 'synced', 'application', ..., or 'parked', 'open' for what had not ended
  reason TEXT NOT NULL,
  count  INTEGER NOT NULL
) STRICT;

-- Stretches of a run: how wrong the systems' clocks are at the end of each, and how
-- many of the requests that a side's limits count were answered 429.
CREATE TABLE windows (
  run                 INTEGER NOT NULL,
  from_ns             INTEGER NOT NULL,
  to_ns               INTEGER NOT NULL,
  clock_finops_ns     INTEGER NOT NULL, -- ahead of true time; negative: behind
  clock_dataverse_ns  INTEGER NOT NULL,
  requests_finops     INTEGER NOT NULL,
  requests_dataverse  INTEGER NOT NULL,
  throttled_finops    INTEGER NOT NULL,
  throttled_dataverse INTEGER NOT NULL,
  PRIMARY KEY (run, from_ns)
) STRICT;

-- Outcomes by map, class and window. Of classes 'application' and 'system': how
-- often something came onto the error desk.
CREATE TABLE outcome_windows (
  run     INTEGER NOT NULL,
  from_ns INTEGER NOT NULL, -- windows.from_ns
  map     TEXT NOT NULL,
  class   TEXT NOT NULL,
  count   INTEGER NOT NULL,
  PRIMARY KEY (run, from_ns, map, class)
) STRICT;

-- How long changes waited for records that they look up, by map.
CREATE TABLE dependency_waits (
  run      INTEGER NOT NULL,
  map      TEXT NOT NULL,
  waits    INTEGER NOT NULL,
  open     INTEGER NOT NULL, -- of them, those that were not over when the run ended
  total_ns INTEGER NOT NULL,
  most_ns  INTEGER NOT NULL,
  PRIMARY KEY (run, map)
) STRICT;

-- The same as a sketch: counts by length. Bins of all runs have the same bounds, and
-- a bin is at most a thirty-second wider than its shortest wait (from 1 ms on).
CREATE TABLE dependency_wait_bins (
  run     INTEGER NOT NULL,
  map     TEXT NOT NULL,
  from_ns INTEGER NOT NULL,
  to_ns   INTEGER NOT NULL, -- excluded
  count   INTEGER NOT NULL,
  open    INTEGER NOT NULL, -- of them, those that were not over when the run ended
  PRIMARY KEY (run, map, from_ns)
) STRICT;

-- Edits of a record that followed an edit on its other side, by the time between.
CREATE TABLE gaps (
  run       INTEGER NOT NULL,
  from_ns   INTEGER NOT NULL,
  to_ns     INTEGER NOT NULL, -- excluded
  edits     INTEGER NOT NULL,
  conflicts INTEGER NOT NULL, -- of them: the two edits did not know of each other
  PRIMARY KEY (run, from_ns)
) STRICT;

-- Users' saves by how many records they changed.
CREATE TABLE sizes (
  run   INTEGER NOT NULL,
  side  TEXT NOT NULL,
  up_to INTEGER NOT NULL, -- at most so many records; 0: any number
  saves INTEGER NOT NULL,
  over  INTEGER NOT NULL, -- of them: limits of live sync refused or undid them, or would have
  PRIMARY KEY (run, side, up_to)
) STRICT;

-- What happened to the records of each map.
CREATE TABLE map_counts (
  run                    INTEGER NOT NULL,
  map                    TEXT NOT NULL,
  captured_finops        INTEGER NOT NULL, -- captured changes by side of origin
  captured_dataverse     INTEGER NOT NULL,
  live_finops            INTEGER NOT NULL, -- changes that committed on both sides with a live transaction
  live_dataverse         INTEGER NOT NULL,
  creates_finops         INTEGER NOT NULL, -- how many of both created the record
  creates_dataverse      INTEGER NOT NULL,
  alive_finops           INTEGER NOT NULL, -- records on each side at the end
  alive_dataverse        INTEGER NOT NULL,
  converged              INTEGER NOT NULL, -- pairs equal on both sides at the end
  divergent              INTEGER NOT NULL, -- pairs that differ at the end
  parked                 INTEGER NOT NULL, -- pairs with an item on the error desk at the end
  blocked                INTEGER NOT NULL, -- pairs that wait for a parked one at the end
  open                   INTEGER NOT NULL, -- pairs with an item still queued at the end
  partly_visible_most_ns INTEGER NOT NULL, -- of a transaction that became whole
  never_whole            INTEGER NOT NULL, -- transactions that did not
  lost                   INTEGER NOT NULL, -- under the data integrator: changes that were lost, or missed
  PRIMARY KEY (run, map)
) STRICT;

-- The sync-errors list, folded by cause.
CREATE TABLE errors (
  run     INTEGER NOT NULL,
  class   TEXT NOT NULL,
  reason  TEXT NOT NULL,
  map     TEXT NOT NULL,
  message TEXT NOT NULL,    -- what an operator would read
  count   INTEGER NOT NULL,
  retried INTEGER NOT NULL, -- attempts that this cause cost
  example TEXT NOT NULL     -- one record, for people
) STRICT;

-- Convergence time of every change, captured or live; where there are too many, of
-- every so-manieth: see thinned.
CREATE TABLE convergence (
  run      INTEGER NOT NULL,
  map      INTEGER NOT NULL, -- maps.map
  side     TEXT NOT NULL,    -- side of origin
  born_ns  INTEGER NOT NULL, -- the user's commit; of a live change the write on the other side, which comes first
  took_ns  INTEGER NOT NULL, -- until both sides agreed on the pair
  censored INTEGER NOT NULL  -- 1: had not converged when the run ended; took_ns is a lower bound
) STRICT;

-- How long users waited for their saves, from asking until they were told how
-- that had ended; likewise. A transaction that is tried again is several saves.
CREATE TABLE waits (
  run      INTEGER NOT NULL,
  workload INTEGER NOT NULL, -- workloads.workload
  side     TEXT NOT NULL,
  live     INTEGER NOT NULL, -- 1: it was held until its rows were on the other side
  ended    TEXT NOT NULL,    -- 'committed', 'refused as stale', ...; '' with censored
  asked_ns INTEGER NOT NULL,
  took_ns  INTEGER NOT NULL,
  censored INTEGER NOT NULL  -- 1: it had not ended when the run did; took_ns is a lower bound
) STRICT;

-- How all saves ended.
CREATE TABLE saves (
  run      INTEGER NOT NULL,
  side     TEXT NOT NULL,
  ended    TEXT NOT NULL,
  count    INTEGER NOT NULL,
  live     INTEGER NOT NULL, -- of them, those that were held until their rows were on the other side
  given_up INTEGER NOT NULL, -- transactions of which this was the last save, and their users let them be
  PRIMARY KEY (run, side, ended)
) STRICT;

-- Requests of the engine that were answered 429.
CREATE TABLE throttled (
  run   INTEGER NOT NULL,
  side  TEXT NOT NULL,
  why   TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (run, side, why)
) STRICT;

-- What operators asked for, in order.
CREATE TABLE operations (
  run     INTEGER NOT NULL,
  at_ns   INTEGER NOT NULL,
  what    TEXT NOT NULL, -- 'pause', 'retry', ...
  job     TEXT NOT NULL,
  refused TEXT NOT NULL  -- why the engine refused it; '' when it did not
) STRICT;

-- Live transactions that have ended.
CREATE TABLE live (
  run              INTEGER PRIMARY KEY,
  committed        INTEGER NOT NULL,
  undone           INTEGER NOT NULL,
  in_doubt_most_ns INTEGER NOT NULL -- the longest that one side alone had committed
) STRICT;

-- Of which changes and saves convergence and waits tell: every so-manieth; 1 for
-- all, 0 where there was nothing.
CREATE TABLE thinned (
  run         INTEGER PRIMARY KEY,
  convergence INTEGER NOT NULL,
  waits       INTEGER NOT NULL,
  windows     INTEGER NOT NULL, -- so many windows became one; 0: none did
  series      INTEGER NOT NULL  -- 1: points of series became one, the highest of them, of use.* their mean
) STRICT;

-- Quantities over time as step functions: value holds from at_ns on.
CREATE TABLE series (
  run   INTEGER NOT NULL,
  name  TEXT NOT NULL,    -- 'backlog', 'divergent-pairs', 'use.finops', ...
  unit  TEXT NOT NULL,
  at_ns INTEGER NOT NULL,
  value REAL NOT NULL,
  area  REAL NOT NULL     -- before at_ns, in the unit times seconds: the mean between two points is the difference of their areas by their seconds
) STRICT;

-- The records that took longest.
CREATE TABLE worst (
  run      INTEGER NOT NULL,
  rank     INTEGER NOT NULL, -- 1 is the longest
  record   TEXT NOT NULL,
  map      TEXT NOT NULL,
  side     TEXT NOT NULL,
  born_ns  INTEGER NOT NULL,
  took_ns  INTEGER NOT NULL,
  censored INTEGER NOT NULL,
  PRIMARY KEY (run, rank)
) STRICT;

-- How each of them spent its time, longest stretch first.
CREATE TABLE worst_reasons (
  run    INTEGER NOT NULL,
  rank   INTEGER NOT NULL, -- worst.rank
  what   TEXT NOT NULL,
  for_ns INTEGER NOT NULL
) STRICT;

-- Notable source transactions, from commit to convergence.
CREATE TABLE stories (
  run           INTEGER NOT NULL,
  list          TEXT NOT NULL,    -- 'spotlight', or 'torn': partly visible longest and yet whole
  title         TEXT NOT NULL,
  side          TEXT NOT NULL,
  committed_ns  INTEGER NOT NULL,
  records       INTEGER NOT NULL,
  synced        INTEGER NOT NULL, -- records that both sides agree on at the end
  first_seen_ns INTEGER NOT NULL, -- first record visible on the other side
  last_seen_ns  INTEGER NOT NULL, -- last one; partly visible in between
  censored      INTEGER NOT NULL
) STRICT;

-- Counters over a whole run.
CREATE TABLE totals (
  run                    INTEGER PRIMARY KEY,
  captured               INTEGER NOT NULL, -- captured changes on both sides
  live                   INTEGER NOT NULL, -- changes that committed on both sides with a live transaction
  transactions_finops    INTEGER NOT NULL,
  transactions_dataverse INTEGER NOT NULL,
  rejected               INTEGER NOT NULL, -- user transactions that failed before commit
  stale_refused_finops    INTEGER NOT NULL, -- saves refused because the row had changed since it was opened
  stale_refused_dataverse INTEGER NOT NULL,
  overwrote_finops        INTEGER NOT NULL, -- saves that went over changes their user had not seen
  overwrote_dataverse     INTEGER NOT NULL,
  turned_away_finops      INTEGER NOT NULL, -- user transactions that met an outage and waited
  turned_away_dataverse   INTEGER NOT NULL,
  outage_wait_most_ns     INTEGER NOT NULL, -- the longest that one of them waited
  drift_overwrote         INTEGER NOT NULL, -- content that was never linked, or was edited where its column does not flow from, and was written over
  engine_writes          INTEGER NOT NULL,
  mark_only_writes       INTEGER NOT NULL,
  retries                INTEGER NOT NULL,
  condition_failed       INTEGER NOT NULL,
  late_landings          INTEGER NOT NULL, -- writes that landed after the engine had given them up
  crashes                INTEGER NOT NULL,
  notifications          INTEGER NOT NULL,
  reads                  INTEGER NOT NULL,
  compared               INTEGER NOT NULL, -- pairs that the last resync or comparison looked at
  drift                  INTEGER NOT NULL  -- of them, those that differed although nothing was queued for them
) STRICT;

-- The legs of the last initial sync of each job, in the order in which they were
-- to run. Counters tell of whole chunks.
CREATE TABLE legs (
  run       INTEGER NOT NULL,
  map       TEXT NOT NULL,
  company   TEXT NOT NULL,    -- '' is all
  side      TEXT NOT NULL,    -- whose records were copied
  stage     TEXT NOT NULL,    -- 'done', 'cut' at the most rows of a leg, 'running' or 'waiting'
  began_ns  INTEGER NOT NULL,
  ended_ns  INTEGER NOT NULL, -- 0 when it was not over
  rows      INTEGER NOT NULL,
  written   INTEGER NOT NULL, -- the other side was written
  unchanged INTEGER NOT NULL, -- both sides held it alike
  lost      INTEGER NOT NULL, -- the primary's record won against it
  errors    INTEGER NOT NULL  -- waits for an operator
) STRICT;

-- Alerts that people were told of.
CREATE TABLE alerts (
  run       INTEGER NOT NULL,
  at_ns     INTEGER NOT NULL,
  job       TEXT NOT NULL,
  action    TEXT NOT NULL,    -- 'notify', 'pause' or 'stop': what was done besides
  count     INTEGER NOT NULL, -- so many failures ...
  within_ns INTEGER NOT NULL, -- ... within so long
  class     TEXT NOT NULL,    -- of the failure that was one too many
  reason    TEXT NOT NULL
) STRICT;

-- Convergence with names and seconds. The 99th percentile as reports give it:
--   SELECT took FROM convergence_seconds ORDER BY censored, took
--   LIMIT 1 OFFSET (SELECT (count(*) * 99 + 99) / 100 - 1 FROM convergence);
CREATE VIEW convergence_seconds AS
  SELECT c.run, m.name AS map, c.side, c.born_ns / 1e9 AS born, c.took_ns / 1e9 AS took, c.censored
  FROM convergence c JOIN maps m USING (map);

-- Waits with names and seconds.
CREATE VIEW waits_seconds AS
  SELECT w.run, l.name AS workload, w.side, w.live, w.ended, w.asked_ns / 1e9 AS asked, w.took_ns / 1e9 AS took, w.censored
  FROM waits w JOIN workloads l USING (workload);

-- Accounting: captured changes against references that ended or still wait.
CREATE VIEW accounting AS
  SELECT c.run, c.map, c.captured_finops + c.captured_dataverse AS captured,
         (SELECT coalesce(sum(o.count), 0) FROM outcomes o WHERE o.run = c.run AND o.map = c.map) AS accounted
  FROM map_counts c;
