-- What runs held that ended since ?1.
SELECT start, "end", cpus FROM run WHERE start IS NOT NULL AND "end" > ?1
