-- Runs of the task ?2 of an array that are over, by attempt. The states (?3, JSON) are all there are: by them the index finds
-- one task among thousands. Columns as in runs-of.sql.
SELECT job, attempt, task, tasks, state, reason, exit_code, exit_signal, script_code, script_signal, cancelled_by,
    eligible, start, "end", suspended, cpus, memory_mib, gpus, user_us, system_us, max_rss_kib, read_bytes, write_bytes,
    priority, node, 1 AS is_last,
    (
        SELECT sum(dynamic + idle + gpu) FROM job_energy
        WHERE job_energy.job = run.job AND job_energy.attempt = run.attempt
    ) AS energy
FROM run WHERE base = ?1 AND task = ?2 AND state IN (SELECT value FROM json_each(?3)) ORDER BY attempt, seq
