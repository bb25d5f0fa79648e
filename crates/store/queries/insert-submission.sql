INSERT INTO submission (id, at, uid, user, account, spec, script, environment) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
