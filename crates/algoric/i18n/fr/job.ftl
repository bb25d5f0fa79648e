# `algoric job`.

job-unknown = Il n’y a pas de travail { $job } que vous puissiez voir
job-unknown-advice = Les travaux d’autrui sont à eux. `sacct` donne la liste des vôtres.
job-title = Travail { $job } { $name } : { $state }, de { $user } pour { $project }
job-times = soumis       { $submitted }, commencé { $started }, fini { $ended }
job-asked = demandé      { $cpus ->
    [one] un CPU
   *[other] { $cpus } CPU
}, mémoire { $memory }, temps { $limit }{ $gpus ->
    [0] { "" }
    [one] , un GPU
   *[other] , { $gpus } GPU
}
job-used = utilisé      { $busy } CPU en moyenne, mémoire { $memory } au plus, temps { $elapsed }
job-unlimited = sans limite
job-no-energy = énergie      non mesurée
job-energy = énergie      { $energy } : calcul { $dynamic }, réservé { $idle }{ $gpus ->
    [0] { "" }
   *[other] , GPU { $gpu }
} ; mesuré { $measured } de son temps
job-cost = électricité  { $euros }
job-carbon = carbone      { $production } g CO2e (moyenne de production) · { $lifecycle } g CO2e (consommation, cycle de vie)

advice-too-short = Il a tourné trop peu de temps pour un conseil.
advice-broken = Il n’est pas arrivé de lui-même à son terme : ce qu’il a utilisé dit peu de ce qu’il lui faut.
advice-out-of-time = Il a été arrêté à sa limite de temps. On ne sait pas combien il lui en faut.
advice-out-of-memory = Il a été arrêté faute de mémoire. On ne sait pas combien il lui en faut.
advice-fits = Ce qu’il a demandé convient à ce qu’il a utilisé.
advice-next = La prochaine fois, demandez :
advice-saves = Cela aurait épargné { $energy } de puissance réservée et { $euros } ({ $percent } du tout) : de la place pour d’autres tant que la machine est allumée, et moins à payer.
advice-phases = Les CPU sont une moyenne : un programme qui calcule sur tous une partie du temps serait plus lent.
advice-sooner = Cela n’épargne pas d’électricité, mais une limite plus courte commence plus tôt : elle tient dans plus de trous.
