-- Two intervals that end in the same millisecond (a clock that was set back) add up.
INSERT INTO sample (machine, "end", length, energy, idle, flag, source) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT DO UPDATE SET energy = energy + excluded.energy, idle = idle + excluded.idle,
    length = max(length, excluded.length), flag = max(flag, excluded.flag)
