# `algoric price` and `algoric tariff`.

price-machine = { $machine }: { $hours } core-hours sold and { $kwh } kWh drawn in a year
price-column-term = COST
price-column-year = EUR A YEAR
price-column-hour = EUR A CORE-HOUR
price-column-cloud = CLOUD
price-column-date = ON
price-column-price = A VCPU-HOUR
price-column-core = EUR A CORE-HOUR
price-column-share = OURS, % OF IT
price-term-energy = energy of the machines
price-term-overhead = overhead of the room
price-term-subscription = subscription
price-term-spares = provision for spares
price-term-transport = provision for transport and recycling
price-term-volunteers = volunteers
price-break-even = break-even
price-source = Figures: { $source }
tariff-sound = { $count ->
    [one] Sound: one tariff, without a gap, an overlap or an unknown word.
   *[other] Sound: { $count } tariffs, without a gap, an overlap or an unknown word.
}
tariff-column-id = TARIFF
tariff-column-from = FROM
tariff-column-to = TO
tariff-column-kind = KIND
tariff-column-prices = EUR
tariff-kind-one_part = one part
tariff-kind-two_part = two parts
tariff-kind-flat = flat
tariff-open = open
tariff-free = free
tariff-price-core_hour = core-hour { $price }
tariff-price-memory_gib_hour = GiB-hour { $price }
tariff-price-gpu_hour = GPU-hour { $price }
tariff-price-machine_hour = machine-hour { $price }
tariff-price-kwh = kWh { $price }
tariff-price-gib_month = GiB-month { $price }
tariff-price-month = month { $price }
