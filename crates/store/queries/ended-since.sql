SELECT count(*) FROM run WHERE "end" >= ?1 AND start IS NOT NULL
