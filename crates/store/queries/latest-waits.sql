-- How long the ?1 runs that ended last waited, in milliseconds.
SELECT max(0, start - eligible) FROM run WHERE start IS NOT NULL AND eligible IS NOT NULL ORDER BY "end" DESC LIMIT ?1
