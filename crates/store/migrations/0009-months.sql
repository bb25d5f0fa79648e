-- The same by month, for pages that show a year of a project, or a month of all of them. Triggers keep it in the
-- transaction of the day that it follows from, so that it is always what the days sum to.

CREATE TABLE usage_month (
    project     TEXT NOT NULL,
    month       INTEGER NOT NULL, -- its first day, in days since 1970
    uid         INTEGER NOT NULL,
    application TEXT NOT NULL,
    runs        INTEGER NOT NULL,
    completed   INTEGER NOT NULL,
    cpu_ms      INTEGER NOT NULL,
    used_us     INTEGER NOT NULL,
    waited_ms   INTEGER NOT NULL,
    energy      INTEGER NOT NULL,
    electricity INTEGER NOT NULL,
    production  INTEGER NOT NULL,
    lifecycle   INTEGER NOT NULL,
    price       INTEGER NOT NULL,
    PRIMARY KEY (project, month, uid, application)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER month_of_new_day AFTER INSERT ON usage_day
BEGIN
    INSERT INTO usage_month VALUES (NEW.project, unixepoch(NEW.day * 86400, 'unixepoch', 'start of month') / 86400,
        NEW.uid, NEW.application, NEW.runs, NEW.completed, NEW.cpu_ms, NEW.used_us, NEW.waited_ms, NEW.energy,
        NEW.electricity, NEW.production, NEW.lifecycle, NEW.price)
    ON CONFLICT DO UPDATE SET
        runs = runs + excluded.runs, completed = completed + excluded.completed, cpu_ms = cpu_ms + excluded.cpu_ms,
        used_us = used_us + excluded.used_us, waited_ms = waited_ms + excluded.waited_ms,
        energy = energy + excluded.energy, electricity = electricity + excluded.electricity,
        production = production + excluded.production, lifecycle = lifecycle + excluded.lifecycle,
        price = price + excluded.price;
END;

CREATE TRIGGER month_of_changed_day AFTER UPDATE ON usage_day
BEGIN
    UPDATE usage_month SET
        runs = runs + NEW.runs - OLD.runs, completed = completed + NEW.completed - OLD.completed,
        cpu_ms = cpu_ms + NEW.cpu_ms - OLD.cpu_ms, used_us = used_us + NEW.used_us - OLD.used_us,
        waited_ms = waited_ms + NEW.waited_ms - OLD.waited_ms, energy = energy + NEW.energy - OLD.energy,
        electricity = electricity + NEW.electricity - OLD.electricity,
        production = production + NEW.production - OLD.production,
        lifecycle = lifecycle + NEW.lifecycle - OLD.lifecycle, price = price + NEW.price - OLD.price
    WHERE (project, month, uid, application)
        = (NEW.project, unixepoch(NEW.day * 86400, 'unixepoch', 'start of month') / 86400, NEW.uid, NEW.application);
END;

-- What is nothing any more keeps no name either.
CREATE TRIGGER month_of_removed_day AFTER DELETE ON usage_day
BEGIN
    UPDATE usage_month SET
        runs = runs - OLD.runs, completed = completed - OLD.completed, cpu_ms = cpu_ms - OLD.cpu_ms,
        used_us = used_us - OLD.used_us, waited_ms = waited_ms - OLD.waited_ms, energy = energy - OLD.energy,
        electricity = electricity - OLD.electricity, production = production - OLD.production,
        lifecycle = lifecycle - OLD.lifecycle, price = price - OLD.price
    WHERE (project, month, uid, application)
        = (OLD.project, unixepoch(OLD.day * 86400, 'unixepoch', 'start of month') / 86400, OLD.uid, OLD.application);
    DELETE FROM usage_month
    WHERE (project, month, uid, application)
        = (OLD.project, unixepoch(OLD.day * 86400, 'unixepoch', 'start of month') / 86400, OLD.uid, OLD.application)
        AND runs = 0 AND completed = 0 AND cpu_ms = 0 AND used_us = 0 AND waited_ms = 0 AND energy = 0 AND electricity = 0
        AND production = 0 AND lifecycle = 0 AND price = 0;
END;

-- The past.
INSERT INTO usage_month
SELECT project, unixepoch(day * 86400, 'unixepoch', 'start of month') / 86400 AS month, uid, application,
    sum(runs), sum(completed), sum(cpu_ms), sum(used_us), sum(waited_ms), sum(energy), sum(electricity),
    sum(production), sum(lifecycle), sum(price)
FROM usage_day GROUP BY project, month, uid, application;
