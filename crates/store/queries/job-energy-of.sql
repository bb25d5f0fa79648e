SELECT job, attempt, metered.name, start, "end", cpu_us, cores, memory_mib, gpus, measured, dynamic, idle, gpu, price,
    price_rest, guessed, production, production_rest, lifecycle, lifecycle_rest, by_grid
FROM job_energy JOIN metered ON metered.id = machine WHERE job = ?1 ORDER BY attempt, metered.name
