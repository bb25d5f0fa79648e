-- Jobs as pages show them: somebody's own, newest first, and the tasks of a great array by how they ended.

CREATE INDEX submission_uid ON submission (uid);

-- What was an index of `base` alone also counts states, and finds tasks in order.
DROP INDEX run_base;
CREATE INDEX run_base ON run (base, state, task);

-- What runs used over time, thinned to some hundred points: JSON of the centre's. Removed some time after the end.
CREATE TABLE series (
    job     INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    at      INTEGER NOT NULL, -- of its last point
    points  TEXT NOT NULL,
    PRIMARY KEY (job, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX series_at ON series (at);
