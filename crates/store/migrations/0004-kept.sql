-- States that follow from other rows, kept so that a start need not add them up again. What does not fit those rows, or
-- the program, is thrown away.
CREATE TABLE kept (
    name  TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;
