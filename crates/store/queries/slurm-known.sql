-- The attempts of a job that a Slurm's accounting told, with what they held: what a later reading is compared with.
SELECT key, slurm_run.attempt, mark, start, "end", suspended, cpus, memory_mib, gpus
FROM slurm_run LEFT JOIN run ON run.seq = slurm_run.run
WHERE slurm_run.job = ?1 ORDER BY slurm_run.attempt
