SELECT minute, energy, unmeasured, covered, most, flags FROM sample_minute
WHERE machine = (SELECT id FROM metered WHERE name = ?1) AND minute >= ?2 AND minute < ?3 ORDER BY minute
