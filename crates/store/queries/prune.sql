-- Submissions whose last run ended before :before (ms) and that are not open.
CREATE TEMP TABLE pruned AS
SELECT base AS id FROM run WHERE base NOT IN (SELECT id FROM open) GROUP BY base HAVING max("end") < :before;
-- Their numbers are never given again, also when they were the latest.
INSERT OR REPLACE INTO meta (key, value) SELECT 'next_id', max(
    1 + coalesce((SELECT max(id) FROM submission), 0),
    1 + coalesce((SELECT max(job) FROM run), 0),
    coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'next_id'), 1)
);
DELETE FROM step WHERE job IN (SELECT job FROM run WHERE base IN (SELECT id FROM pruned));
DELETE FROM job_energy WHERE job IN (SELECT job FROM run WHERE base IN (SELECT id FROM pruned));
DELETE FROM run WHERE base IN (SELECT id FROM pruned);
DELETE FROM event WHERE base IN (SELECT id FROM pruned);
DELETE FROM submission WHERE id IN (SELECT id FROM pruned);
-- The latest blobs stay: the centre remembers some hundreds and lets new submissions use them.
DELETE FROM blob
WHERE id < (SELECT max(id) FROM blob) - 1000
    AND id NOT IN (SELECT script FROM submission UNION SELECT environment FROM submission);
DROP TABLE pruned;
