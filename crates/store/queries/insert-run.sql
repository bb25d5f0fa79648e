INSERT INTO run (
    job, attempt, base, task, tasks, state, reason, exit_code, exit_signal, script_code, script_signal, cancelled_by,
    eligible, start, "end", suspended, cpus, cpu_ids, memory_mib, gpus, user_us, system_us, max_rss_kib, read_bytes,
    write_bytes, priority, displaced_by, node
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24,
    ?25, ?26, ?27, ?28)
