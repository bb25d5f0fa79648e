SELECT job, attempt, metered.name, start, "end", cpu_us, cores, memory_mib, gpus, measured, dynamic, idle, gpu, price,
    price_rest, guessed, production, production_rest, lifecycle, lifecycle_rest, by_grid
FROM job_energy JOIN metered ON metered.id = machine WHERE metered.name = ?1 AND "end" IS NULL ORDER BY job, attempt
