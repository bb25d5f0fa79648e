-- The rows that may tell how task ?2 of a submission ended, the latest first.
SELECT task, tasks, state FROM run WHERE base = ?1 AND state <> 'REQUEUED' AND (task = ?2 OR task IS NULL)
ORDER BY seq DESC
