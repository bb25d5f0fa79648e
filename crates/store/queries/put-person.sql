INSERT INTO person (id, login, name, email, language, account, made, password, roles, state, note, created, seen)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
ON CONFLICT (id) DO UPDATE SET
    login = excluded.login, name = excluded.name, email = excluded.email, language = excluded.language,
    account = excluded.account, made = excluded.made, password = excluded.password, roles = excluded.roles,
    state = excluded.state, note = excluded.note, seen = excluded.seen
