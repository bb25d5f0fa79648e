-- The centre's one file. What happened (`event`, `run`, `step`) is only ever added to; the rest is what people set.

-- Names the file: its format is counted by SQLite's user_version, its owner by this row.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Scripts (as they are) and environments (NAME=value, each ended by a NUL), shared between submissions.
CREATE TABLE blob (
    id    INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

-- What was asked for. One row for each number that sbatch printed.
CREATE TABLE submission (
    id          INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL, -- ms since 1970
    uid         INTEGER NOT NULL,
    user        TEXT NOT NULL,
    account     TEXT NOT NULL,
    spec        TEXT NOT NULL,    -- model::JobSpec as JSON
    script      INTEGER NOT NULL REFERENCES blob (id),
    environment INTEGER NOT NULL REFERENCES blob (id)
) STRICT;

-- Submissions of which something still waits or runs: what a restart reads back.
CREATE TABLE open (
    id INTEGER PRIMARY KEY REFERENCES submission (id)
) STRICT;

-- Every change of state, in order. `base` is the submission concerned, NULL for the machine and the centre.
CREATE TABLE event (
    seq  INTEGER PRIMARY KEY,
    at   INTEGER NOT NULL,
    base INTEGER,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX event_base ON event (base);

-- One row for each attempt of each job record that is over, and for what ended before it started.
-- (A record can have several rows for one attempt: tasks of an array that were cancelled before they started.)
CREATE TABLE run (
    seq           INTEGER PRIMARY KEY,
    job           INTEGER NOT NULL,
    attempt       INTEGER NOT NULL,
    base          INTEGER NOT NULL,
    task          INTEGER,
    tasks         TEXT,             -- tasks that ended with an array's record, as ranges
    state         TEXT NOT NULL,
    reason        TEXT NOT NULL,
    exit_code     INTEGER NOT NULL,
    exit_signal   INTEGER NOT NULL,
    script_code   INTEGER NOT NULL,
    script_signal INTEGER NOT NULL,
    cancelled_by  INTEGER,
    eligible      INTEGER,
    start         INTEGER,
    "end"         INTEGER NOT NULL,
    suspended     INTEGER NOT NULL, -- ms
    cpus          INTEGER NOT NULL,
    cpu_ids       TEXT NOT NULL,
    memory_mib    INTEGER,
    gpus          TEXT NOT NULL,    -- indices, comma separated
    user_us       INTEGER NOT NULL,
    system_us     INTEGER NOT NULL,
    max_rss_kib   INTEGER NOT NULL,
    read_bytes    INTEGER NOT NULL,
    write_bytes   INTEGER NOT NULL,
    priority      INTEGER NOT NULL,
    displaced_by  INTEGER,
    node          TEXT NOT NULL
) STRICT;
CREATE INDEX run_job ON run (job);
CREATE INDEX run_base ON run (base);
CREATE INDEX run_end ON run ("end");

-- Steps made by srun that are over. The batch step is the run itself.
CREATE TABLE step (
    job         INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    step        INTEGER NOT NULL,
    name        TEXT NOT NULL,      -- JSON: text, or bytes where it is no text
    state       TEXT NOT NULL,
    exit_code   INTEGER NOT NULL,
    exit_signal INTEGER NOT NULL,
    start       INTEGER NOT NULL,
    "end"       INTEGER NOT NULL,
    cpus        INTEGER NOT NULL,
    tasks       INTEGER NOT NULL,
    user_us     INTEGER NOT NULL,
    system_us   INTEGER NOT NULL,
    max_rss_kib INTEGER NOT NULL,
    read_bytes  INTEGER NOT NULL,
    write_bytes INTEGER NOT NULL,
    PRIMARY KEY (job, attempt, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE project (
    name        TEXT PRIMARY KEY,
    description TEXT NOT NULL,
    shares      INTEGER NOT NULL,
    closed      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
    user       TEXT NOT NULL,
    project    TEXT NOT NULL REFERENCES project (name),
    is_default INTEGER NOT NULL,
    PRIMARY KEY (user, project)
) STRICT, WITHOUT ROWID;

CREATE TABLE operator (
    user TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
