-- After usage-merge.sql: what was added goes from where it stood.
DELETE FROM usage_day
WHERE application <> 'erased' AND (uid = ?1 OR day < unixepoch(?2 / 1000, 'unixepoch', 'localtime') / 86400)
