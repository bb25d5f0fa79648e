# `algoric price` et `algoric tariff`.

price-machine = { $machine } : { $hours } heures·cœur vendues et { $kwh } kWh consommés par an
price-column-term = COÛT
price-column-year = EUR PAR AN
price-column-hour = EUR PAR HEURE·CŒUR
price-column-cloud = NUAGE
price-column-date = AU
price-column-price = PAR HEURE·VCPU
price-column-core = EUR PAR HEURE·CŒUR
price-column-share = LE NÔTRE, EN %
price-term-energy = énergie des machines
price-term-overhead = surcoût de la salle
price-term-subscription = abonnement
price-term-spares = provision pour pièces
price-term-transport = provision pour transport et recyclage
price-term-volunteers = bénévoles
price-break-even = prix d'équilibre
price-source = Chiffres : { $source }
tariff-sound = { $count ->
    [one] En ordre : un tarif, sans trou, sans chevauchement, sans mot inconnu.
   *[other] En ordre : { $count } tarifs, sans trou, sans chevauchement, sans mot inconnu.
}
tariff-column-id = TARIF
tariff-column-from = DU
tariff-column-to = AU
tariff-column-kind = FORME
tariff-column-prices = EUR
tariff-kind-one_part = simple
tariff-kind-two_part = binôme
tariff-kind-flat = forfait
tariff-open = —
tariff-free = gratuit
tariff-price-core_hour = heure·cœur { $price }
tariff-price-memory_gib_hour = Gio·heure { $price }
tariff-price-gpu_hour = heure·GPU { $price }
tariff-price-machine_hour = heure·machine { $price }
tariff-price-kwh = kWh { $price }
tariff-price-gib_month = Gio·mois { $price }
tariff-price-month = mois { $price }
