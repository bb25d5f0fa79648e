SELECT step, name, state, exit_code, exit_signal, start, "end", cpus, tasks, user_us, system_us, max_rss_kib, read_bytes,
    write_bytes
FROM step WHERE job = ?1 AND attempt = ?2 ORDER BY step
