-- The runs of a submission by task, record and attempt. `is_last`: no later attempt of the same is over.
SELECT job, attempt, task, tasks, state, reason, exit_code, exit_signal, script_code, script_signal, cancelled_by,
    eligible, start, "end", suspended, cpus, memory_mib, gpus, user_us, system_us, max_rss_kib, read_bytes, write_bytes,
    priority, node,
    coalesce(
        seq = max(CASE WHEN state <> 'REQUEUED' THEN seq END) OVER (PARTITION BY job, task, tasks), 0
    ) AS is_last,
    (
        SELECT sum(dynamic + idle + gpu) FROM job_energy
        WHERE job_energy.job = run.job AND job_energy.attempt = run.attempt
    ) AS energy
FROM run WHERE base = ?1
-- A list of tasks counts as its first one: a cast takes the digits in front.
ORDER BY coalesce(task, CAST(tasks AS INTEGER), 0), job, attempt, seq
