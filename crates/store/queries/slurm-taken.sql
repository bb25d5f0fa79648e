-- Whether a number is a job's that no Slurm told of.
SELECT EXISTS (SELECT 1 FROM open WHERE id = ?1) OR EXISTS (
    SELECT 1 FROM run WHERE (job = ?1 OR base = ?1) AND NOT EXISTS (SELECT 1 FROM slurm_run WHERE slurm_run.run = run.seq)
    AND NOT EXISTS (SELECT 1 FROM slurm_run WHERE slurm_run.job = run.job)
)
