SELECT count(*) FROM run WHERE NOT EXISTS (SELECT 1 FROM submission WHERE submission.id = run.base)
