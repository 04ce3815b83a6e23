-- What version 1 did not tell of an outcome: how many attempts of its item had failed,
-- and when it was, in nanoseconds of the driver's clock. What ended under version 1 has
-- zeros there.
ALTER TABLE outcome ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outcome ADD COLUMN at INTEGER NOT NULL DEFAULT 0;

DROP VIEW history;
DROP VIEW error_desk;

-- The back-end table with names in place of numbers.
CREATE VIEW history AS
SELECT outcome.id, maps.name AS map, company, key, spelling, side.name AS side,
       incarnation, number, operation.name AS operation, origin.name AS origin,
       class.name AS class, reason.name AS reason, cause, attempts, at
FROM outcome
JOIN pair ON pair.id = lane >> 1
JOIN maps ON maps.id = pair.map
JOIN codes side ON side.kind = 'side' AND side.id = lane & 1
JOIN codes operation ON operation.kind = 'operation' AND operation.id = outcome.operation
JOIN codes origin ON origin.kind = 'origin' AND origin.id = outcome.origin
JOIN codes class ON class.kind = 'class' AND class.id = outcome.class
JOIN codes reason ON reason.kind = 'reason' AND reason.id = outcome.reason;

-- The error desk: items that wait for an operator, each under its newest
-- reference, and concurrency failures, which nobody can retry. Conflict
-- failures are in the back-end table only.
CREATE VIEW error_desk AS
SELECT maps.name AS map, company, key, spelling, side.name AS side, incarnation, number,
       class.name AS class, reason.name AS reason, cause, attempts, since, retriable, requested.name AS requested
FROM (
  SELECT lane.lane, incarnation, number, class, reason, cause, attempts, since, 1 AS retriable, requested
  FROM lane
  JOIN queue ON queue.lane = lane.lane
  WHERE class <> 0 AND NOT EXISTS (
    SELECT 1 FROM queue newer
    WHERE newer.lane = queue.lane AND (newer.incarnation, newer.number) > (queue.incarnation, queue.number))
  UNION ALL
  SELECT lane, incarnation, number, class, reason, cause, attempts, at, 0, 0
  FROM outcome
  WHERE class = 3
) desk
JOIN pair ON pair.id = desk.lane >> 1
JOIN maps ON maps.id = pair.map
JOIN codes side ON side.kind = 'side' AND side.id = desk.lane & 1
JOIN codes class ON class.kind = 'class' AND class.id = desk.class
JOIN codes reason ON reason.kind = 'reason' AND reason.id = desk.reason
JOIN codes requested ON requested.kind = 'requested' AND requested.id = desk.requested;
