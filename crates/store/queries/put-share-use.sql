INSERT OR REPLACE INTO share_use (account, user, used, at) VALUES (?1, ?2, ?3, ?4)
