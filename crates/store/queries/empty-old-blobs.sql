-- Scripts and environments that only submissions from before ?1 have, which are over.
UPDATE blob SET bytes = x'' WHERE length(bytes) > 0 AND id NOT IN (
    SELECT script FROM submission WHERE at >= ?1 OR id IN (SELECT id FROM open)
    UNION SELECT environment FROM submission WHERE at >= ?1 OR id IN (SELECT id FROM open)
)
