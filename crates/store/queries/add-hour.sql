-- A price is whole micro-euros and a rest below one: 3.6e12 of the rest's units are one.
INSERT INTO sample_hour (
    machine, hour, energy, jobs, system, unallocated, unmeasured, covered, most, flags, price, price_rest, guessed
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
ON CONFLICT DO UPDATE SET energy = energy + excluded.energy, jobs = jobs + excluded.jobs,
    system = system + excluded.system, unallocated = unallocated + excluded.unallocated,
    unmeasured = unmeasured + excluded.unmeasured, covered = covered + excluded.covered,
    most = max(most, excluded.most), flags = flags | excluded.flags,
    price = price + excluded.price + (price_rest + excluded.price_rest) / 3600000000000,
    price_rest = (price_rest + excluded.price_rest) % 3600000000000, guessed = guessed + excluded.guessed
