-- What machines drew, whose it was, and what an operator measured and imported for it. Energy is in microjoules. Rows of
-- one machine lie together in the order of time: a chart reads one piece of the file.

-- Names that many rows have, by number; and how far each machine's energy is known and shared.
CREATE TABLE metered (
    id     INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,
    resume TEXT              -- what a restart goes on from, as JSON of the centre's; NULL: nothing was measured yet
) STRICT;

-- Intervals as they were measured, for a while.
CREATE TABLE sample (
    machine INTEGER NOT NULL REFERENCES metered (id),
    "end"   INTEGER NOT NULL, -- ms since 1970
    length  INTEGER NOT NULL, -- ms
    energy  INTEGER NOT NULL,
    idle    INTEGER NOT NULL, -- the part of it that the machine draws with nothing to do
    flag    INTEGER NOT NULL, -- place in energy::Flag::ALL
    source  INTEGER NOT NULL, -- which of the machine's meters
    PRIMARY KEY (machine, "end")
) STRICT, WITHOUT ROWID;

-- The same by minute, for longer. A minute that is being measured is here as far as it is.
CREATE TABLE sample_minute (
    machine    INTEGER NOT NULL REFERENCES metered (id),
    minute     INTEGER NOT NULL, -- minutes since 1970
    energy     INTEGER NOT NULL,
    unmeasured INTEGER NOT NULL, -- the part of it that is estimated, or known only in sum
    covered    INTEGER NOT NULL, -- ms
    most       INTEGER NOT NULL, -- greatest mean power of an interval, mW
    flags      INTEGER NOT NULL, -- a bit for each energy::Flag
    PRIMARY KEY (machine, minute)
) STRICT, WITHOUT ROWID;

-- By hour and account, for ever: energy = jobs + system + unallocated + unmeasured.
CREATE TABLE sample_hour (
    machine     INTEGER NOT NULL REFERENCES metered (id),
    hour        INTEGER NOT NULL, -- hours since 1970
    energy      INTEGER NOT NULL,
    jobs        INTEGER NOT NULL,
    system      INTEGER NOT NULL,
    unallocated INTEGER NOT NULL,
    unmeasured  INTEGER NOT NULL,
    covered     INTEGER NOT NULL,
    most        INTEGER NOT NULL,
    flags       INTEGER NOT NULL,
    price       INTEGER NOT NULL, -- of all of it, whole micro-euros
    price_rest  INTEGER NOT NULL, -- and what of one is left, in micro-euros x microjoules / kWh
    guessed     INTEGER NOT NULL, -- energy whose price no calendar told
    PRIMARY KEY (machine, hour)
) STRICT, WITHOUT ROWID;

-- What each run is answerable for, so far. "end" is NULL while more may come.
CREATE TABLE job_energy (
    job             INTEGER NOT NULL,
    attempt         INTEGER NOT NULL,
    machine         INTEGER NOT NULL REFERENCES metered (id),
    start           INTEGER NOT NULL,
    "end"           INTEGER,
    cpu_us          INTEGER NOT NULL, -- CPU time that was counted, so far
    cores           INTEGER NOT NULL,
    memory_mib      INTEGER NOT NULL,
    gpus            INTEGER NOT NULL,
    measured        INTEGER NOT NULL, -- ms of its time that were measured
    dynamic         INTEGER NOT NULL,
    idle            INTEGER NOT NULL,
    gpu             INTEGER NOT NULL,
    price           INTEGER NOT NULL, -- as in sample_hour; the other two are milligrams of CO2e
    price_rest      INTEGER NOT NULL,
    guessed         INTEGER NOT NULL,
    production      INTEGER NOT NULL,
    production_rest INTEGER NOT NULL,
    lifecycle       INTEGER NOT NULL,
    lifecycle_rest  INTEGER NOT NULL,
    by_grid         INTEGER NOT NULL, -- energy whose production counted by the grid's own figure of its time
    PRIMARY KEY (job, attempt, machine)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_energy_open ON job_energy (machine) WHERE "end" IS NULL;
CREATE INDEX job_energy_end ON job_energy ("end");

-- What a drained and a busy machine were measured to draw.
CREATE TABLE calibration (
    machine              INTEGER NOT NULL REFERENCES metered (id),
    at                   INTEGER NOT NULL,
    idle                 INTEGER NOT NULL, -- mW
    per_cpu              INTEGER NOT NULL, -- mW more for each CPU that computes
    uncertainty_permille INTEGER NOT NULL,
    factor_permille      INTEGER,          -- of the processors' counters to the whole
    gpu_idle             INTEGER NOT NULL, -- mW of each GPU within `idle`; 0: unknown
    source               TEXT NOT NULL,    -- against what
    PRIMARY KEY (machine, at)
) STRICT, WITHOUT ROWID;

-- The site's own meter, as typed in or imported.
CREATE TABLE site_index (
    at     INTEGER PRIMARY KEY,
    energy INTEGER NOT NULL
) STRICT;

-- Imported calendars (tempo, spot, eco2mix), line by line as the energy crate reads them.
CREATE TABLE calendar_line (
    calendar TEXT NOT NULL,
    key      TEXT NOT NULL, -- what a later import replaces: the day, or the time
    line     TEXT NOT NULL,
    PRIMARY KEY (calendar, key)
) STRICT, WITHOUT ROWID;
