SELECT month, uid, application, runs, completed, cpu_ms, used_us, waited_ms, energy, electricity, production, lifecycle, price
FROM usage_month WHERE project = ?1 AND month >= ?2 AND month < ?3
