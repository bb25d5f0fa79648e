SELECT day, uid, application, runs, completed, cpu_ms, used_us, waited_ms, energy, electricity, production, lifecycle, price
FROM usage_day WHERE project = ?1 AND day >= ?2 AND day < ?3
