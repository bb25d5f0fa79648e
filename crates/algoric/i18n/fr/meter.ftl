# `algoric meter test`.

meter-column-meter = COMPTEUR
meter-column-covers = MESURE
meter-column-watts = WATTS
meter-column-counter = INDEX
meter-column-sure = À
meter-socket = la prise
meter-board = la carte mère
meter-processors = processeurs et mémoire
meter-gpus = cartes graphiques
meter-estimate = rien : une estimation
meter-failed = { $name } ne répond pas : { $why }
meter-none-configured = Aucun [[meter]] dans { $path }. Ce que cette machine a d’elle-même :
meter-none-found = Rien dans cette machine ne dit ce qu’elle consomme. Le mieux est une prise avec compteur ; à défaut, une estimation :
    { "[[meter]]" }
    kind = "model"
    idle_watts = 60
    milliwatts_per_cpu = 8000
