SELECT job, attempt, task, tasks, state, reason, exit_code, exit_signal, script_code, script_signal, cancelled_by,
    eligible, start, "end", suspended, cpus, memory_mib, gpus, user_us, system_us, max_rss_kib, read_bytes, write_bytes,
    priority, node
FROM run WHERE base = ?1 ORDER BY seq
