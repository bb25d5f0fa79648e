-- One attempt of a record that is over, with its submission: what a settlement that was put off needs.
SELECT base, start, "end", suspended, cpu_ids, memory_mib, gpus, run.state, displaced_by, uid, spec, reason
FROM run JOIN submission ON submission.id = base
WHERE job = ?1 AND attempt = ?2 ORDER BY seq DESC LIMIT 1
