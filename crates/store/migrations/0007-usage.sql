-- What projects used, by local day, member and application: read in place of the runs, of which there may be a million.
-- Triggers keep it in the transaction of what it follows from, whoever writes that. Runs that are removed after years stay
-- counted here.

-- What runs, as run times are learned by it: the job's name without digits.
ALTER TABLE submission ADD COLUMN application TEXT GENERATED ALWAYS AS (
    CASE json_type(spec, '$.name') WHEN 'text' THEN
        replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
            json_extract(spec, '$.name'), '0', ''), '1', ''), '2', ''), '3', ''), '4', ''), '5', ''), '6', ''), '7', ''),
            '8', ''), '9', '')
    ELSE '?' END
) VIRTUAL;

-- Whether what a project computes may be told to everybody, in words.
ALTER TABLE project ADD COLUMN public INTEGER NOT NULL DEFAULT 0;

CREATE TABLE usage_day (
    project     TEXT NOT NULL,
    day         INTEGER NOT NULL, -- days since 1970, local, on which runs ended
    uid         INTEGER NOT NULL,
    application TEXT NOT NULL,
    runs        INTEGER NOT NULL,
    completed   INTEGER NOT NULL, -- of these, those that ended well
    cpu_ms      INTEGER NOT NULL, -- CPUs that were held, times milliseconds
    used_us     INTEGER NOT NULL, -- CPU time
    waited_ms   INTEGER NOT NULL, -- from when they could have started
    energy      INTEGER NOT NULL, -- microjoules, of runs that get no more
    electricity INTEGER NOT NULL, -- what that cost, micro-euros
    production  INTEGER NOT NULL, -- milligrams of CO2e
    lifecycle   INTEGER NOT NULL,
    price       INTEGER NOT NULL, -- what the project pays, micro-euros
    PRIMARY KEY (project, day, uid, application)
) STRICT, WITHOUT ROWID;

-- What each run that has started adds to it.
CREATE VIEW run_used AS
SELECT r.job, r.attempt, s.account AS project, unixepoch(r."end" / 1000, 'unixepoch', 'localtime') / 86400 AS day, s.uid,
    s.application, r.state = 'COMPLETED' AS completed, r.cpus * max(0, r."end" - r.start - r.suspended) AS cpu_ms,
    r.user_us + r.system_us AS used_us, max(0, r.start - coalesce(r.eligible, r.start)) AS waited_ms,
    coalesce((SELECT sum(dynamic + idle + gpu) FROM job_energy e
        WHERE e.job = r.job AND e.attempt = r.attempt AND e."end" IS NOT NULL), 0) AS energy,
    coalesce((SELECT sum(price) FROM job_energy e
        WHERE e.job = r.job AND e.attempt = r.attempt AND e."end" IS NOT NULL), 0) AS electricity,
    coalesce((SELECT sum(production) FROM job_energy e
        WHERE e.job = r.job AND e.attempt = r.attempt AND e."end" IS NOT NULL), 0) AS production,
    coalesce((SELECT sum(lifecycle) FROM job_energy e
        WHERE e.job = r.job AND e.attempt = r.attempt AND e."end" IS NOT NULL), 0) AS lifecycle
FROM run r JOIN submission s ON s.id = r.base
WHERE r.start IS NOT NULL;

-- What a run's entries in the ledger make its project pay: its price, and what was given back of it.
CREATE VIEW entry_paid AS
SELECT number, coalesce(what ->> '$.settle.run.job', what ->> '$.correct.run.job') AS job,
    coalesce(what ->> '$.settle.run.attempt', what ->> '$.correct.run.attempt') AS attempt,
    coalesce(what ->> '$.settle.counted.amount', what ->> '$.correct.counted.amount') AS price
FROM (SELECT number, CASE WHEN json_valid(text) THEN text -> '$.what' END AS what FROM ledger_entry);

-- To put a run in (sign 1), or take it out (-1): as a trigger, said once.
CREATE VIEW usage_change AS SELECT 0 AS job, 0 AS attempt, 1 AS sign WHERE false;
CREATE TRIGGER usage_changes INSTEAD OF INSERT ON usage_change
BEGIN
    INSERT INTO usage_day
    SELECT project, day, uid, application, NEW.sign, NEW.sign * completed, NEW.sign * cpu_ms, NEW.sign * used_us,
        NEW.sign * waited_ms, NEW.sign * energy, NEW.sign * electricity, NEW.sign * production, NEW.sign * lifecycle, 0
    FROM run_used WHERE job = NEW.job AND attempt = NEW.attempt
    ON CONFLICT DO UPDATE SET runs = runs + excluded.runs, completed = completed + excluded.completed,
        cpu_ms = cpu_ms + excluded.cpu_ms, used_us = used_us + excluded.used_us,
        waited_ms = waited_ms + excluded.waited_ms, energy = energy + excluded.energy,
        electricity = electricity + excluded.electricity, production = production + excluded.production,
        lifecycle = lifecycle + excluded.lifecycle;
END;

CREATE TRIGGER usage_of_run AFTER INSERT ON run WHEN NEW.start IS NOT NULL
BEGIN INSERT INTO usage_change VALUES (NEW.job, NEW.attempt, 1); END;
CREATE TRIGGER usage_of_old_run BEFORE UPDATE ON run
BEGIN INSERT INTO usage_change VALUES (OLD.job, OLD.attempt, -1); END;
CREATE TRIGGER usage_of_new_run AFTER UPDATE ON run
BEGIN INSERT INTO usage_change VALUES (NEW.job, NEW.attempt, 1); END;

-- Energy is settled after the run, and may be settled again.
CREATE TRIGGER usage_without_energy BEFORE INSERT ON job_energy
BEGIN INSERT INTO usage_change VALUES (NEW.job, NEW.attempt, -1); END;
CREATE TRIGGER usage_with_energy AFTER INSERT ON job_energy
BEGIN INSERT INTO usage_change VALUES (NEW.job, NEW.attempt, 1); END;

CREATE TRIGGER usage_of_entry AFTER INSERT ON ledger_entry
BEGIN
    INSERT INTO usage_day
    SELECT u.project, u.day, u.uid, u.application, 0, 0, 0, 0, 0, 0, 0, 0, 0, p.price
    FROM entry_paid p CROSS JOIN run_used u ON u.job = p.job AND u.attempt = p.attempt
    WHERE p.number = NEW.number AND p.price <> 0
    ON CONFLICT DO UPDATE SET price = price + excluded.price;
END;

-- The past.
INSERT INTO usage_day
SELECT project, day, uid, application, count(*), sum(completed), sum(cpu_ms), sum(used_us), sum(waited_ms), sum(energy),
    sum(electricity), sum(production), sum(lifecycle), 0
FROM run_used GROUP BY project, day, uid, application;
UPDATE usage_day SET price = paid.price
FROM (
    SELECT u.project, u.day, u.uid, u.application, sum(p.price) AS price
    FROM entry_paid p CROSS JOIN run_used u ON u.job = p.job AND u.attempt = p.attempt
    WHERE p.job IS NOT NULL GROUP BY u.project, u.day, u.uid, u.application
) AS paid
WHERE (usage_day.project, usage_day.day, usage_day.uid, usage_day.application)
    = (paid.project, paid.day, paid.uid, paid.application);
