INSERT INTO project (name, description, shares, closed) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (name) DO UPDATE SET description = excluded.description, shares = excluded.shares, closed = excluded.closed
