INSERT INTO sample_minute (machine, minute, energy, unmeasured, covered, most, flags) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT DO UPDATE SET energy = energy + excluded.energy, unmeasured = unmeasured + excluded.unmeasured,
    covered = covered + excluded.covered, most = max(most, excluded.most), flags = flags | excluded.flags
