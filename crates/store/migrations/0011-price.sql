-- What a job's project paid, and what an array used in all, without reading the whole ledger or thousands of tasks; and the
-- form that a job was filled in on.

-- The job whose run an entry is about: its price, or what was given back of it.
ALTER TABLE ledger_entry ADD COLUMN job INTEGER GENERATED ALWAYS AS (
    CASE WHEN json_valid(text) THEN coalesce(text ->> '$.what.settle.run.job', text ->> '$.what.correct.run.job') END
) VIRTUAL;
CREATE INDEX ledger_entry_job ON ledger_entry (job) WHERE job IS NOT NULL;

-- Sums over an array's tasks that have started and are over. Triggers keep them, as they keep `usage_day`.
CREATE TABLE array_used (
    base        INTEGER PRIMARY KEY,
    runs        INTEGER NOT NULL,
    run_ms      INTEGER NOT NULL,
    measured_ms INTEGER NOT NULL, -- of that, what meters know of
    energy      INTEGER NOT NULL, -- microjoules, of runs that get no more
    idle        INTEGER NOT NULL, -- of that, what was reserved and not computed with
    electricity INTEGER NOT NULL, -- what that cost, micro-euros
    production  INTEGER NOT NULL, -- milligrams of CO2e
    lifecycle   INTEGER NOT NULL,
    priced      INTEGER NOT NULL, -- runs that have their price
    work        INTEGER NOT NULL, -- their price before anything is taken off, micro-euros without tax
    paid        INTEGER NOT NULL  -- of that, what the project pays
) STRICT;

-- What each run of an array adds to it.
CREATE VIEW task_used AS
SELECT u.job, u.attempt, r.base, max(0, r."end" - r.start - r.suspended) AS run_ms,
    coalesce((SELECT sum(measured) FROM job_energy e
        WHERE e.job = r.job AND e.attempt = r.attempt AND e."end" IS NOT NULL), 0) AS measured_ms,
    coalesce((SELECT sum(idle) FROM job_energy e
        WHERE e.job = r.job AND e.attempt = r.attempt AND e."end" IS NOT NULL), 0) AS idle,
    u.energy, u.electricity, u.production, u.lifecycle
FROM run r CROSS JOIN run_used u ON u.job = r.job AND u.attempt = r.attempt
WHERE r.task IS NOT NULL AND r.start IS NOT NULL;

CREATE VIEW entry_priced AS
SELECT number, job, what ->> '$.settle' IS NOT NULL AS priced,
    coalesce((SELECT sum(value ->> '$.amount') FROM json_each(what, '$.settle.usage')), 0) AS work,
    coalesce(what ->> '$.settle.counted.amount', what ->> '$.correct.counted.amount', 0) AS paid
FROM (SELECT number, job, text -> '$.what' AS what FROM ledger_entry WHERE job IS NOT NULL);

CREATE TRIGGER array_changes INSTEAD OF INSERT ON usage_change
BEGIN
    INSERT INTO array_used
    SELECT base, NEW.sign, NEW.sign * run_ms, NEW.sign * measured_ms, NEW.sign * energy, NEW.sign * idle,
        NEW.sign * electricity, NEW.sign * production, NEW.sign * lifecycle, 0, 0, 0
    FROM task_used WHERE job = NEW.job AND attempt = NEW.attempt
    ON CONFLICT DO UPDATE SET runs = runs + excluded.runs, run_ms = run_ms + excluded.run_ms,
        measured_ms = measured_ms + excluded.measured_ms, energy = energy + excluded.energy,
        idle = idle + excluded.idle, electricity = electricity + excluded.electricity,
        production = production + excluded.production, lifecycle = lifecycle + excluded.lifecycle;
END;

CREATE TRIGGER array_of_entry AFTER INSERT ON ledger_entry
BEGIN
    INSERT INTO array_used
    SELECT r.base, 0, 0, 0, 0, 0, 0, 0, 0, p.priced, p.work, p.paid
    FROM entry_priced p CROSS JOIN run r ON r.job = p.job
    WHERE p.number = NEW.number AND r.task IS NOT NULL LIMIT 1
    ON CONFLICT DO UPDATE SET priced = priced + excluded.priced, work = work + excluded.work, paid = paid + excluded.paid;
END;

CREATE TRIGGER array_goes AFTER DELETE ON submission
BEGIN DELETE FROM array_used WHERE base = OLD.id; END;

-- The past.
INSERT INTO array_used
SELECT base, count(*), sum(run_ms), sum(measured_ms), sum(energy), sum(idle), sum(electricity), sum(production),
    sum(lifecycle), 0, 0, 0
FROM task_used GROUP BY base;
UPDATE array_used SET priced = paid.priced, work = paid.work, paid = paid.paid
FROM (
    SELECT base, sum(priced) AS priced, sum(work) AS work, sum(paid) AS paid
    FROM (SELECT p.priced, p.work, p.paid, (SELECT base FROM run r WHERE r.job = p.job AND r.task IS NOT NULL LIMIT 1) AS base
        FROM entry_priced p)
    WHERE base IS NOT NULL GROUP BY base
) AS paid
WHERE array_used.base = paid.base;

-- The template that a job was made by, and what was filled in: JSON, name and value.
CREATE TABLE form (
    id     INTEGER PRIMARY KEY REFERENCES submission (id) ON DELETE CASCADE,
    app    TEXT NOT NULL,
    fields TEXT NOT NULL
) STRICT;
