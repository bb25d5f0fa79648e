SELECT hour, energy, unmeasured, covered, most, flags, jobs, system, unallocated, price, price_rest, guessed FROM sample_hour
WHERE machine = (SELECT id FROM metered WHERE name = ?1) AND hour >= ?2 AND hour < ?3 ORDER BY hour
