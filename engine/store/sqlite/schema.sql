-- Version 1: what the engine must find again after a crash, and what became of
-- every reference.
--
-- There is no business data here: a row holds keys, numbers and codes. The one
-- text that is not a name is a cause, which is a template.
--
-- A record pair has one number. A lane is one direction of a pair: twice the
-- pair's number, plus the side. Codes of the engine are stored as integers;
-- their names stand in codes, and a program whose names differ is refused.
-- Numbers of 64 bits without a sign are stored by their bits.

-- The table maps by the index under which the engine knows them.
CREATE TABLE maps (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- The engine's codes: side, operation, origin, class, reason and so on.
CREATE TABLE codes (
  kind TEXT NOT NULL,
  id   INTEGER NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- Every record pair that was ever heard of.
CREATE TABLE pair (
  id       INTEGER PRIMARY KEY,
  map      INTEGER NOT NULL,
  company  TEXT NOT NULL,          -- empty for a global map
  key      TEXT NOT NULL,          -- in canonical form
  spelling TEXT NOT NULL           -- empty, but for records that fold together
) STRICT;

-- With the key first, the index also serves a search by key alone.
CREATE UNIQUE INDEX pair_by_key ON pair (key, map, company, spelling);

-- The queue: open references.
CREATE TABLE queue (
  lane        INTEGER NOT NULL,
  incarnation INTEGER NOT NULL CHECK (incarnation > 0),
  number      INTEGER NOT NULL CHECK (number > 0),
  intake      INTEGER NOT NULL,    -- order over both sides, 64 bits
  groups      INTEGER NOT NULL,    -- a set of column groups, 64 bits
  operation   INTEGER NOT NULL,
  origin      INTEGER NOT NULL,
  tx          INTEGER NOT NULL,    -- 64 bits
  ordinal     INTEGER NOT NULL,
  size        INTEGER NOT NULL,    -- of the record when it was captured, in bytes
  position    INTEGER NOT NULL,    -- in the side's outbox, 64 bits
  needs       TEXT,                -- looked-up pairs as a JSON array; null for none
  unique_values BLOB,              -- hashes of what the record holds and gives up: 9 bytes each, the first is 1 for given up
  PRIMARY KEY (lane, incarnation, number)
) STRICT, WITHOUT ROWID;

-- Lanes that have used attempts or wait on the error desk.
CREATE TABLE lane (
  lane      INTEGER PRIMARY KEY,
  attempts  INTEGER NOT NULL,
  class     INTEGER NOT NULL,      -- 0: not on the error desk
  reason    INTEGER NOT NULL,
  cause     TEXT NOT NULL,
  since     INTEGER NOT NULL,      -- when it came there, in nanoseconds of the engine's clock
  requested INTEGER NOT NULL,      -- by an operator, and not done yet
  request   INTEGER NOT NULL       -- its number, 64 bits
) STRICT;

-- Which numbers have their outcomes: all up to settled ...
CREATE TABLE ledger (
  lane        INTEGER NOT NULL,
  incarnation INTEGER NOT NULL CHECK (incarnation > 0),
  settled     INTEGER NOT NULL,
  PRIMARY KEY (lane, incarnation)
) STRICT, WITHOUT ROWID;

-- ... and these above it.
CREATE TABLE above (
  lane        INTEGER NOT NULL,
  incarnation INTEGER NOT NULL CHECK (incarnation > 0),
  number      INTEGER NOT NULL CHECK (number > 0),
  held        INTEGER NOT NULL CHECK (held IN (0, 1)), -- 1: the captured reference is still to come
  class       INTEGER NOT NULL,
  reason      INTEGER NOT NULL,
  cause       TEXT NOT NULL,
  PRIMARY KEY (lane, incarnation, number)
) STRICT, WITHOUT ROWID;

-- Outbox positions that are taken in and not yet known to be forgotten there.
CREATE TABLE ingested (
  side     INTEGER NOT NULL CHECK (side IN (0, 1)),
  position INTEGER NOT NULL,       -- 64 bits
  PRIMARY KEY (side, position)
) STRICT, WITHOUT ROWID;

-- Jobs that are not as they were configured.
CREATE TABLE job (
  name  TEXT PRIMARY KEY,
  state INTEGER NOT NULL,
  since INTEGER NOT NULL,          -- of a pause; of a stopped job: until when its writes may land;
                                   -- on the driver's clock, in nanoseconds
  turn  INTEGER NOT NULL,          -- of capture, 64 bits
  full_age  INTEGER NOT NULL,      -- the limit for which capture refuses, in nanoseconds,
  full_size INTEGER NOT NULL,      -- ... or in bytes; 0: it does not
  telling   INTEGER NOT NULL CHECK (telling IN (0, 1)) -- a side may not have heard how it is to capture
) STRICT, WITHOUT ROWID;

-- How each table map runs, or ran last.
CREATE TABLE map_run (
  map          INTEGER PRIMARY KEY,
  job          TEXT NOT NULL,
  mode         INTEGER NOT NULL,
  sequence     INTEGER NOT NULL,
  primary_side INTEGER NOT NULL CHECK (primary_side IN (0, 1)),
  initializing INTEGER NOT NULL CHECK (initializing IN (0, 1)), -- 1: not yet under the primary side
  rules        INTEGER NOT NULL CHECK (rules IN (0, 1)), -- whose record wins, or won last
  write_life   INTEGER NOT NULL,   -- of its writes, in nanoseconds
  keys         TEXT NOT NULL       -- the form of its keys
) STRICT;

-- How far the legs of initial syncs have come.
CREATE TABLE initial (
  map            INTEGER NOT NULL,
  company        TEXT NOT NULL,    -- empty: all companies
  side           INTEGER NOT NULL CHECK (side IN (0, 1)), -- that is exported
  interim         INTEGER NOT NULL CHECK (interim IN (0, 1)),
  place          INTEGER NOT NULL, -- among the legs of the job
  stage          INTEGER NOT NULL CHECK (stage > 0),
  after_company  TEXT NOT NULL,    -- the last record of the last whole chunk
  after_key      TEXT NOT NULL,
  after_spelling TEXT NOT NULL,
  seen           INTEGER NOT NULL, -- records
  written        INTEGER NOT NULL, -- ... by how they ended
  unchanged      INTEGER NOT NULL,
  lost           INTEGER NOT NULL,
  errors         INTEGER NOT NULL,
  PRIMARY KEY (map, company, side)
) STRICT, WITHOUT ROWID;

-- Live transactions between their two commits, in the order of id ...
CREATE TABLE intent (
  id       INTEGER PRIMARY KEY,
  side     INTEGER NOT NULL CHECK (side IN (0, 1)), -- of the user
  tx       INTEGER NOT NULL,       -- 64 bits
  deadline INTEGER NOT NULL,       -- of the writes, on the driver's clock, in nanoseconds
  UNIQUE (side, tx)
) STRICT;

-- ... and the records that they write on the other side.
CREATE TABLE intent_row (
  intent      INTEGER NOT NULL,
  row         INTEGER NOT NULL,    -- from 0
  pair        INTEGER NOT NULL,
  operation   INTEGER NOT NULL,
  incarnation INTEGER NOT NULL,
  existed     INTEGER NOT NULL CHECK (existed IN (0, 1)), -- the other side held the record before
  hidden      INTEGER NOT NULL CHECK (hidden IN (0, 1)), -- ... and keeps it as it was until the intent is closed
  PRIMARY KEY (intent, row)
) STRICT, WITHOUT ROWID;

-- Pairs of which no item runs, whatever is in the queue.
CREATE TABLE quarantine (
  pair   INTEGER PRIMARY KEY,
  class  INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  cause  TEXT NOT NULL
) STRICT;

-- Resyncs under way, in the order of id.
CREATE TABLE resync (
  id      INTEGER PRIMARY KEY,
  map     INTEGER NOT NULL,
  company TEXT NOT NULL,           -- empty: every company
  UNIQUE (map, company)
) STRICT;

-- What was in flight when its batch began, by slot: a JSON array of lists of lane,
-- intake order and attempts. After a crash it tells what the engine died with.
CREATE TABLE flight (
  slot  INTEGER PRIMARY KEY,
  items TEXT NOT NULL
) STRICT;

-- One row: the highest intake order given.
CREATE TABLE intake (
  id      INTEGER PRIMARY KEY CHECK (id = 0),
  highest INTEGER NOT NULL         -- 64 bits
) STRICT;
INSERT INTO intake VALUES (0, 0);

-- The back-end table: how every reference ended, oldest first. The engine
-- never reads it.
CREATE TABLE outcome (
  id          INTEGER PRIMARY KEY,
  lane        INTEGER NOT NULL,
  incarnation INTEGER NOT NULL,
  number      INTEGER NOT NULL,
  operation   INTEGER NOT NULL,
  origin      INTEGER NOT NULL,
  class       INTEGER NOT NULL,
  reason      INTEGER NOT NULL,
  cause       TEXT NOT NULL
) STRICT;

-- Concurrency failures stay on the list of sync errors after their end.
CREATE INDEX outcome_on_desk ON outcome (id) WHERE class = 3;

-- The back-end table with names in place of numbers.
CREATE VIEW history AS
SELECT outcome.id, maps.name AS map, company, key, spelling, side.name AS side,
       incarnation, number, operation.name AS operation, origin.name AS origin,
       class.name AS class, reason.name AS reason, cause
FROM outcome
JOIN pair ON pair.id = lane >> 1
JOIN maps ON maps.id = pair.map
JOIN codes side ON side.kind = 'side' AND side.id = lane & 1
JOIN codes operation ON operation.kind = 'operation' AND operation.id = outcome.operation
JOIN codes origin ON origin.kind = 'origin' AND origin.id = outcome.origin
JOIN codes class ON class.kind = 'class' AND class.id = outcome.class
JOIN codes reason ON reason.kind = 'reason' AND reason.id = outcome.reason;

-- Live transactions that have not ended, record by record: while they are here,
-- nothing else is carried for these records.
CREATE VIEW live AS
SELECT intent.id AS intent, side.name AS side, tx, deadline,
       maps.name AS map, company, key, spelling, operation.name AS operation, incarnation
FROM intent
JOIN intent_row ON intent_row.intent = intent.id
JOIN pair ON pair.id = intent_row.pair
JOIN maps ON maps.id = pair.map
JOIN codes side ON side.kind = 'side' AND side.id = intent.side
JOIN codes operation ON operation.kind = 'operation' AND operation.id = intent_row.operation;

-- The error desk: items that wait for an operator, each under its newest
-- reference, and concurrency failures, which nobody can retry. Conflict
-- failures are in the back-end table only.
CREATE VIEW error_desk AS
SELECT maps.name AS map, company, key, spelling, side.name AS side, incarnation, number,
       class.name AS class, reason.name AS reason, cause, retriable, requested.name AS requested
FROM (
  SELECT lane.lane, incarnation, number, class, reason, cause, 1 AS retriable, requested
  FROM lane
  JOIN queue ON queue.lane = lane.lane
  WHERE class <> 0 AND NOT EXISTS (
    SELECT 1 FROM queue newer
    WHERE newer.lane = queue.lane AND (newer.incarnation, newer.number) > (queue.incarnation, queue.number))
  UNION ALL
  SELECT lane, incarnation, number, class, reason, cause, 0, 0
  FROM outcome
  WHERE class = 3
) desk
JOIN pair ON pair.id = desk.lane >> 1
JOIN maps ON maps.id = pair.map
JOIN codes side ON side.kind = 'side' AND side.id = desk.lane & 1
JOIN codes class ON class.kind = 'class' AND class.id = desk.class
JOIN codes reason ON reason.kind = 'reason' AND reason.id = desk.reason
JOIN codes requested ON requested.kind = 'requested' AND requested.id = desk.requested;
