SELECT "end", length, energy, idle, flag, source FROM sample
WHERE machine = (SELECT id FROM metered WHERE name = ?1) AND "end" > ?2 AND "end" - length < ?3 ORDER BY "end"
