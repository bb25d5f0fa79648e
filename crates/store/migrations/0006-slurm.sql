-- What the accounting of a Slurm cluster told, and what of this file came of it. How far it was read stands in `meta`.

-- Each of its rows that is a run here. A requeue begins a row of its own there, and an attempt here. These rows stay when
-- retention removes the run, so that nothing comes in twice.
CREATE TABLE slurm_run (
    job     INTEGER NOT NULL,
    key     TEXT NOT NULL,    -- names the row in Slurm's database
    attempt INTEGER NOT NULL,
    run     INTEGER NOT NULL, -- its place in `run`
    mark    INTEGER NOT NULL, -- of everything that was read of it: another one means that it has changed
    PRIMARY KEY (job, key)
) STRICT, WITHOUT ROWID;
