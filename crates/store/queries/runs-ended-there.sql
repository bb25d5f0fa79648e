-- Runs of a cluster that were over after ?1 and have not got all of their energy from the machine ?2.
SELECT job, attempt, start, "end", cpus, memory_mib, node, user_us + system_us FROM run
WHERE "end" > ?1 AND start IS NOT NULL AND node <> '' AND NOT EXISTS (
    SELECT 1 FROM job_energy JOIN metered ON metered.id = machine
    WHERE job_energy.job = run.job AND job_energy.attempt = run.attempt AND metered.name = ?2
        AND job_energy."end" IS NOT NULL
) ORDER BY seq
