-- How one record's latest attempt ended.
SELECT state FROM run WHERE job = ?1 ORDER BY seq DESC LIMIT 1
