# Rejouer des traces.

column-boot-waits = ONT ATTENDU UN DÉMARRAGE
column-bound = BORNE
column-cost = COÛT
column-differ = DIFFÈRENT
column-dropped = ÉCARTÉS
column-energy = ÉNERGIE
column-jobs = TRAVAUX
column-longest-wait = PLUS LONGUE ATTENTE
column-loose-bound = BORNE LÂCHE
column-makespan = TOUT FINI APRÈS
column-mean-wait = ATTENTE MOYENNE
column-park-and-policy = PARC, RÈGLE
column-policy = RÈGLE
column-saved = ÉCONOMISÉ
column-share-of-bound = PART DE LA BORNE
column-slowdown = RALENTISSEMENT
column-took = DURÉE
column-trace = TRACE
column-used = UTILISÉ

simulate-malformed = { $place } : { $fault }
simulate-malformed-advice = Une ligne de trace est faite de 18 nombres. Avec --lenient, les autres sont écartées.
simulate-malformed-lines = { $trace } : { $count } lignes ne sont pas dans le format et ont été écartées
simulate-no-procs = { $trace } : l'en-tête ne dit pas combien de cœurs a la machine
simulate-no-procs-advice = Dites-le avec --procs.
simulate-load = une charge de { $load } n'a pas de sens
simulate-load-advice = Écrivez 0.7 pour une machine qui a du travail sept dixièmes du temps.
simulate-by-run = { $trace } : aucun travail ne demande de durée ; sa durée réelle en tient lieu
simulate-dropped-no-run-time = { $trace } : { $count } travaux écartés, qui n'ont pas tourné
simulate-dropped-no-cores = { $trace } : { $count } travaux écartés, qui ne demandent aucun cœur
simulate-dropped-too-large = { $trace } : { $count } travaux écartés, qui demandent plus de cœurs qu'il n'y en a
simulate-dropped-no-submit-time = { $trace } : { $count } travaux écartés, soumis avant le début de la trace
simulate-dropped-no-estimate = { $trace } : { $count } travaux écartés, qui ne demandent aucune durée
simulate-dropped-too-much-memory = { $trace } : { $count } travaux écartés, qui demandent pour leurs cœurs plus de mémoire que les machines n'en ont
simulate-own-order = { $trace } : predictive a son propre ordre des travaux ; { $policy } n'est pas joué

# Images.

picture-queue = { $trace } : travaux en attente
picture-use = { $trace } : cœurs utilisés
picture-waits = { $trace } : part des travaux qui ont attendu au plus ce temps
picture-watts = { $trace } : puissance moyenne des machines, sur le prix de l'heure
picture-upright-queue = travaux
picture-upright-use = cœurs
picture-upright-waits = part
picture-upright-watts = kW
picture-axis-days = jours
picture-axis-hours = heure de la journée
picture-axis-waited = temps d'attente
picture-waited = { $seconds ->
    [10] 10 s
    [60] 1 min
    [600] 10 min
    [3600] 1 h
    [36000] 10 h
    [86400] 1 jour
    [864000] 10 jours
    [8640000] 100 jours
   *[other] { $seconds } s
}
