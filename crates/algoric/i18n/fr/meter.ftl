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

# `algoric meter calibrate`.

calibrate-begin = { $phases } phases contre { $meter }. Ctrl-C arrête ; rien n’est changé avant la fin.
calibrate-ask = { $cpus ->
    [0] Rien ne calcule.
    [one] Un CPU calcule.
   *[other] { $cpus } CPU calculent.
} Quand le wattmètre est stable, tapez ce qu’il montre, en watts :
calibrate-no-number = Ce n’est pas un nombre de watts.
calibrate-wattmeter = un wattmètre lu à l’œil
calibrate-column-load = CHARGE
calibrate-column-busy = CPU OCCUPÉS
calibrate-result = { $idle } W au repos, et { $more } W de plus par CPU qui calcule ; à { $percent } % près.
calibrate-factor = Les compteurs des processeurs fois { $factor }/1000 font le tout : kind = "rapl", factor_permille = { $factor }.
calibrate-model = Comme compteur pour quand aucun autre ne répond :
    { "[[meter]]" }
    kind = "model"
    idle_watts = { $idle }
    milliwatts_per_cpu = { $more }
calibrate-stored = Enregistré. La puissance au repos se partage désormais ainsi. `algoric resume` remet la machine en service.
calibrate-not-drained = La machine prend des travaux, qui seraient mesurés avec
calibrate-not-drained-advice = `algoric drain --reason étalonnage`, attendez la fin des travaux, puis recommencez.
calibrate-busy = Des travaux tournent ou sont suspendus ici ({ $jobs }), et seraient mesurés avec
calibrate-busy-advice = Attendez leur fin : `squeue` les montre. La machine est vidée, aucun autre ne commence.
calibrate-not-idle = { $cpus } CPU calculent où { $load } le devraient : autre chose que des travaux tourne ici
calibrate-not-idle-advice = Arrêtez-le (`top` le montre), ou attendez sa fin. Rien n’est enregistré.
calibrate-no-meter = Aucun [[meter]] de config.toml ne voit toute la machine et ne répond { $why }
calibrate-no-meter-advice = Configurez une prise, une multiprise ou la carte mère (`algoric meter test`), ou lisez un wattmètre : --watts
calibrate-silent = { $meter } n’a pas dit de puissance : { $why }
calibrate-given-up = Aucun watt n’a été donné ; rien n’est enregistré
calibrate-no-watts = { $text } n’est pas un nombre de watts ; rien n’est enregistré
