-- The run with the greatest exit code among the latest attempts of a submission's records. SQLite takes the other columns
-- from the row that has the max().
SELECT state, script_code, script_signal FROM (
    SELECT state, script_code, script_signal, max(seq) FROM run WHERE base = ?1 AND state <> 'REQUEUED'
    GROUP BY job, task, tasks
) ORDER BY script_code DESC, script_signal DESC, state = 'COMPLETED' LIMIT 1
