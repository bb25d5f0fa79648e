-- What user ?1 (or all before ?2, ms) ran is added to what has no name.
INSERT INTO usage_day
SELECT project, day, uid, 'erased', sum(runs), sum(completed), sum(cpu_ms), sum(used_us), sum(waited_ms), sum(energy),
    sum(electricity), sum(production), sum(lifecycle), sum(price)
FROM usage_day
WHERE application <> 'erased' AND (uid = ?1 OR day < unixepoch(?2 / 1000, 'unixepoch', 'localtime') / 86400)
GROUP BY project, day, uid
ON CONFLICT DO UPDATE SET runs = runs + excluded.runs, completed = completed + excluded.completed,
    cpu_ms = cpu_ms + excluded.cpu_ms, used_us = used_us + excluded.used_us, waited_ms = waited_ms + excluded.waited_ms,
    energy = energy + excluded.energy, electricity = electricity + excluded.electricity,
    production = production + excluded.production, lifecycle = lifecycle + excluded.lifecycle,
    price = price + excluded.price
