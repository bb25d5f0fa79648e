-- Runs that are answerable for energy between ?1 and ?2, those that are not over included.
SELECT job, attempt, metered.name, start, "end", cpu_us, cores, memory_mib, gpus, measured, dynamic, idle, gpu, price,
    price_rest, guessed, production, production_rest, lifecycle, lifecycle_rest, by_grid
FROM job_energy JOIN metered ON metered.id = machine
WHERE start < ?2 AND ("end" > ?1 OR "end" IS NULL) ORDER BY job, attempt, metered.name
