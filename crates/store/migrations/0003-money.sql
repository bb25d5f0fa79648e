-- Who pays for what. The ledger's entries and the issued documents are as they were written, for ever: each is a line of
-- JSON that the ledger crate wrote, and nobody changes or removes one. What is around them are choices of the centre.

-- Entries of the ledger, from 1 on without a hole. The hash is over the hash before it and the text.
CREATE TABLE ledger_entry (
    number INTEGER PRIMARY KEY,
    text   TEXT NOT NULL,
    hash   TEXT NOT NULL
) STRICT;
CREATE TRIGGER ledger_entry_follows BEFORE INSERT ON ledger_entry
WHEN NEW.number <> 1 + coalesce((SELECT max(number) FROM ledger_entry), 0)
BEGIN SELECT RAISE(ABORT, 'an entry of the ledger follows the last one'); END;
CREATE TRIGGER ledger_entry_stays BEFORE UPDATE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'an entry of the ledger is never changed'); END;
CREATE TRIGGER ledger_entry_remains BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'an entry of the ledger is never removed'); END;

-- Issued invoices and credit notes, each with the entry that posts it.
CREATE TABLE document (
    number TEXT PRIMARY KEY,
    entry  INTEGER NOT NULL UNIQUE REFERENCES ledger_entry (number),
    body   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER document_stays BEFORE UPDATE ON document
BEGIN SELECT RAISE(ABORT, 'an issued document is never changed'); END;
CREATE TRIGGER document_remains BEFORE DELETE ON document
BEGIN SELECT RAISE(ABORT, 'an issued document is never removed'); END;

-- What is prepared and not issued: each one replaces what was prepared before for the same purpose.
CREATE TABLE draft (
    name TEXT PRIMARY KEY,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who is sent invoices, as JSON.
CREATE TABLE customer (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who pays for a project, and what it may spend, as JSON.
CREATE TABLE purse (
    project TEXT PRIMARY KEY REFERENCES project (name),
    body    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What a member is to a project, where that is not simply a member.
CREATE TABLE role (
    user    TEXT NOT NULL,
    project TEXT NOT NULL REFERENCES project (name),
    role    TEXT NOT NULL,
    PRIMARY KEY (user, project)
) STRICT, WITHOUT ROWID;

-- Members who are not to be known any more: what stands for the name of a number.
CREATE TABLE pseudonym (
    uid  INTEGER PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;
