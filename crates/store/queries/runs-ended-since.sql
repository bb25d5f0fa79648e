-- Runs that were over at ?1 or later: what a restart may still have to share energy with.
SELECT job, attempt, start, "end", cpu_ids, memory_mib, gpus, user_us + system_us FROM run
WHERE "end" >= ?1 AND start IS NOT NULL ORDER BY seq
