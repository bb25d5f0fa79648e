-- A row of Slurm's accounting changed after it had been read.
UPDATE run SET state = ?2, reason = ?3, exit_code = ?4, exit_signal = ?5, script_code = ?6, script_signal = ?7,
    cancelled_by = ?8, eligible = ?9, start = ?10, "end" = ?11, suspended = ?12, cpus = ?13, memory_mib = ?14, gpus = ?15,
    user_us = ?16, system_us = ?17, max_rss_kib = ?18, read_bytes = ?19, write_bytes = ?20, node = ?21
WHERE seq = ?1
