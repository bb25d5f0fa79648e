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
job-price-line = prix         { $text }
job-price-fact = { $label } : { $text }
