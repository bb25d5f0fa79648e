SELECT at, base, body FROM (
    SELECT seq, at, base, body FROM event WHERE base IN (SELECT id FROM open)
    UNION ALL
    SELECT seq, at, base, body FROM event WHERE base IS NULL
) ORDER BY seq
