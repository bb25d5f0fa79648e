INSERT OR REPLACE INTO job_energy (
    job, attempt, machine, start, "end", cpu_us, cores, memory_mib, gpus, measured, dynamic, idle, gpu, price, price_rest,
    guessed, production, production_rest, lifecycle, lifecycle_rest, by_grid
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
