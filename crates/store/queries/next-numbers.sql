SELECT
    1 + max(coalesce((SELECT max(id) FROM submission), 0), coalesce((SELECT max(job) FROM run), 0)),
    1 + coalesce((SELECT max(id) FROM blob), 0)
