-- What the runs after place ?1 add to their projects' use: as the triggers of a run would, for many at once.
INSERT INTO usage_day
SELECT u.project, u.day, u.uid, u.application, count(*), sum(u.completed), sum(u.cpu_ms), sum(u.used_us), sum(u.waited_ms),
    sum(u.energy), sum(u.electricity), sum(u.production), sum(u.lifecycle), 0
FROM run fresh CROSS JOIN run_used u ON u.job = fresh.job AND u.attempt = fresh.attempt
WHERE fresh.seq > ?1 AND fresh.start IS NOT NULL
GROUP BY u.project, u.day, u.uid, u.application
ON CONFLICT DO UPDATE SET runs = runs + excluded.runs, completed = completed + excluded.completed,
    cpu_ms = cpu_ms + excluded.cpu_ms, used_us = used_us + excluded.used_us, waited_ms = waited_ms + excluded.waited_ms,
    energy = energy + excluded.energy, electricity = electricity + excluded.electricity,
    production = production + excluded.production, lifecycle = lifecycle + excluded.lifecycle
