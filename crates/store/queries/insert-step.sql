INSERT OR REPLACE INTO step (
    job, attempt, step, name, state, exit_code, exit_signal, start, "end", cpus, tasks, user_us, system_us, max_rss_kib,
    read_bytes, write_bytes
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
