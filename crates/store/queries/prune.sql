-- Submissions whose last run ended before :before (ms) and that are not open.
CREATE TEMP TABLE pruned AS
SELECT base AS id FROM run WHERE base NOT IN (SELECT id FROM open) GROUP BY base HAVING max("end") < :before;
DELETE FROM step WHERE job IN (SELECT job FROM run WHERE base IN (SELECT id FROM pruned));
DELETE FROM run WHERE base IN (SELECT id FROM pruned);
DELETE FROM event WHERE base IN (SELECT id FROM pruned);
DELETE FROM submission WHERE id IN (SELECT id FROM pruned);
DELETE FROM blob WHERE id NOT IN (SELECT script FROM submission UNION SELECT environment FROM submission);
DROP TABLE pruned;
