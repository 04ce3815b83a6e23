-- What version 2 did not tell of a live transaction: the number that the user's record had
-- before it. One that began under version 2 has zero there: all that the other side has
-- seen then counts as its own.
ALTER TABLE intent_row ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
