# `algoric status`.

status-title = { $name } — Algoric { $version }, processus { $pid }, depuis { $since }
status-ready = Prêt.
status-not-ready = PAS PRÊT : { $why }
status-data = Données : { $data }
status-url = Pages : { $url }
status-machine = Machine { $name } : { $used } processeurs sur { $cpus } et { $memory_used } sur { $memory } donnés aux jobs, charge { $load }
status-gpus = , { $used } GPU sur { $gpus }
status-simulated = SIMULÉE : la configuration déclare plus de processeurs que la machine n’en a ; rien n’est lié.
status-drained = HORS SERVICE depuis { $since } : { $why }
status-power = Machines : { $nodes }
status-power-on = { $on } sur { $of } en marche
status-power-off = éteintes : { $nodes }
status-power-booting = en démarrage : { $nodes }
status-power-going-off = en extinction : { $nodes }
status-power-failed = ne démarrent pas : { $nodes }
status-guarantees = Limites : { $text }
status-jobs = Jobs : { $running } en cours, { $pending } en attente, { $suspended } suspendus
status-budget = Le projet { $project } a utilisé { $percent } % d'un budget.
