-- What the tasks among the runs after place ?1 add to their arrays' use: as the triggers of a run would, for many at once.
INSERT INTO array_used
SELECT t.base, count(*), sum(t.run_ms), sum(t.measured_ms), sum(t.energy), sum(t.idle), sum(t.electricity),
    sum(t.production), sum(t.lifecycle), 0, 0, 0
FROM run fresh CROSS JOIN task_used t ON t.job = fresh.job AND t.attempt = fresh.attempt
WHERE fresh.seq > ?1 AND fresh.task IS NOT NULL AND fresh.start IS NOT NULL
GROUP BY t.base
ON CONFLICT DO UPDATE SET runs = runs + excluded.runs, run_ms = run_ms + excluded.run_ms,
    measured_ms = measured_ms + excluded.measured_ms, energy = energy + excluded.energy,
    idle = idle + excluded.idle, electricity = electricity + excluded.electricity,
    production = production + excluded.production, lifecycle = lifecycle + excluded.lifecycle
