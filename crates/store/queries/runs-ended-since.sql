-- Runs that were over after ?1, and not fully counted: what a restart may still have to share energy with.
SELECT job, attempt, start, "end", cpu_ids, memory_mib, gpus, user_us + system_us FROM run
WHERE "end" > ?1 AND start IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM job_energy
    WHERE job_energy.job = run.job AND job_energy.attempt = run.attempt AND job_energy."end" IS NOT NULL
) ORDER BY seq
