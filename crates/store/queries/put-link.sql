INSERT INTO link (id, hash, kind, person, email, roles, project, role, author, created, expires)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
