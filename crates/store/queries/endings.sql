-- How each record of a submission ended at last; its rows are in the order in which they were written.
SELECT task, tasks, state, max(seq) AS last FROM run WHERE base = ?1 AND state <> 'REQUEUED'
GROUP BY job, task, tasks ORDER BY last
