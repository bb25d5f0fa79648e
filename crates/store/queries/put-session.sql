INSERT INTO session (id, hash, person, created, used, expires, address, agent)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (id) DO UPDATE SET used = excluded.used, expires = excluded.expires
