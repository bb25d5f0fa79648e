INSERT INTO token (id, hash, person, name, scopes, created, expires, used)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (id) DO UPDATE SET used = excluded.used
