-- People who use the centre by its pages. Only hashes of secrets are here: SHA-256 of those that we made ourselves (long
-- and random), argon2id of passwords. Times are ms since 1970.

CREATE TABLE person (
    id       INTEGER PRIMARY KEY,
    login    TEXT NOT NULL UNIQUE,  -- what they type, in small letters
    name     TEXT NOT NULL,
    email    TEXT NOT NULL,         -- '': none
    language TEXT NOT NULL,         -- 'fr', 'en'; '': as the browser says
    account  TEXT UNIQUE,           -- login name on this machine, if one is linked
    made     INTEGER NOT NULL,      -- that account was made for them by us
    password TEXT,                  -- argon2id, as a PHC string; NULL: none yet
    roles    TEXT NOT NULL,         -- of the whole centre, separated by commas
    state    TEXT NOT NULL,         -- 'waiting', 'active', 'locked', 'archived'
    note     TEXT NOT NULL,         -- what they said when they asked to join
    created  INTEGER NOT NULL,
    seen     INTEGER                -- when they last logged in
) STRICT;

-- Who is logged in, and where.
CREATE TABLE session (
    id      INTEGER PRIMARY KEY,
    hash    BLOB NOT NULL UNIQUE,
    person  INTEGER NOT NULL REFERENCES person (id),
    created INTEGER NOT NULL,
    used    INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    address TEXT NOT NULL,
    agent   TEXT NOT NULL
) STRICT;

-- What a link, or its code on paper, is good for, once.
CREATE TABLE link (
    id      INTEGER PRIMARY KEY,
    hash    BLOB NOT NULL UNIQUE,
    kind    TEXT NOT NULL,          -- 'first', 'invite', 'reset'
    person  INTEGER REFERENCES person (id), -- whose password, of 'reset'
    email   TEXT NOT NULL,
    roles   TEXT NOT NULL,
    project TEXT,                   -- the project that who accepts it becomes a member of
    role    TEXT NOT NULL,          -- and as what
    author  TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT;

-- Personal tokens for programs.
CREATE TABLE token (
    id      INTEGER PRIMARY KEY,
    hash    BLOB NOT NULL UNIQUE,
    person  INTEGER NOT NULL REFERENCES person (id),
    name    TEXT NOT NULL,
    scopes  TEXT NOT NULL,          -- separated by commas
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    used    INTEGER
) STRICT;

-- Memberships of people who have no account of this machine yet; they become members when one is linked.
CREATE TABLE promise (
    person  INTEGER NOT NULL REFERENCES person (id),
    project TEXT NOT NULL REFERENCES project (name),
    role    TEXT NOT NULL,
    PRIMARY KEY (person, project)
) STRICT, WITHOUT ROWID;

-- Every change that was made by the pages, in the transaction of the change.
CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    person  INTEGER,                -- NULL: nobody who has logged in, or an account of this machine
    who     TEXT NOT NULL,          -- as they were called then
    address TEXT NOT NULL,
    action  TEXT NOT NULL,
    detail  TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'what was written down of changes is never changed'); END;
CREATE INDEX audit_person ON audit (person, seq);
