-- The last attempt of each record of a submission.
SELECT task, tasks, state FROM run WHERE base = ?1 AND state <> 'REQUEUED' ORDER BY seq
