-- Numbers are given once: what was pruned is remembered in meta.
SELECT
    max(
        1 + coalesce((SELECT max(id) FROM submission), 0),
        1 + coalesce((SELECT max(job) FROM run), 0),
        coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'next_id'), 1)
    ),
    1 + coalesce((SELECT max(id) FROM blob), 0)
