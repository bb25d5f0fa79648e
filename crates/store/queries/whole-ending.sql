-- The worst of how the records of a submission ended at last, and whose it was; COMPLETED only if all did. SQLite takes
-- the other columns from the row that has the max().
SELECT state, task, tasks FROM (
    SELECT state, task, tasks, script_code, script_signal, max(seq) AS last FROM run
    WHERE base = ?1 AND state <> 'REQUEUED' GROUP BY job, task, tasks
) ORDER BY state = 'COMPLETED', script_code DESC, script_signal DESC, last LIMIT 1
