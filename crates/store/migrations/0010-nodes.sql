-- Machines of a cluster that report by themselves, and what of their reports waits to be used.

-- One row a machine, for ever: the number of its last reading stays when it is forgotten, so that none counts twice.
CREATE TABLE agent (
    name   TEXT PRIMARY KEY,
    key    BLOB UNIQUE,                -- Ed25519, 32 bytes; NULL: it was invited and has not come, or was forgotten
    word   BLOB,                       -- SHA-256 of an invitation's word
    until  INTEGER,                    -- when that runs out, ms since 1970
    seen   INTEGER,                    -- when it reported last, to a minute
    taken  INTEGER NOT NULL DEFAULT 0, -- the number of the last reading that is here, or was
    lost   INTEGER NOT NULL DEFAULT 0, -- readings that it gave up
    about  TEXT,                       -- what it is, as JSON of the node crate's
    health TEXT                        -- how it is, likewise
) STRICT;

-- Readings of its meters whose energy is not shared yet: whose jobs were there is known a little later.
CREATE TABLE agent_reading (
    machine TEXT NOT NULL,
    number  INTEGER NOT NULL,
    at      INTEGER NOT NULL, -- by the centre's clock, ms since 1970
    reading TEXT NOT NULL,    -- as JSON of the node crate's
    PRIMARY KEY (machine, number)
) STRICT, WITHOUT ROWID;

-- Runs that a cluster's accounting told and whose price waits for the energy of their last moments.
CREATE TABLE awaited (
    job     INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    due     TEXT NOT NULL, -- as JSON of the centre's
    PRIMARY KEY (job, attempt)
) STRICT, WITHOUT ROWID;
