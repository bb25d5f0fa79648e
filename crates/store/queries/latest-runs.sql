-- The latest runs that ended in one of the states of ?1 (a JSON list), newest first.
SELECT base, "end" - start - suspended FROM run
WHERE start IS NOT NULL AND state IN (SELECT value FROM json_each(?1))
ORDER BY "end" DESC, seq DESC LIMIT ?2
