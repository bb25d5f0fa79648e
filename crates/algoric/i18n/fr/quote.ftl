# `algoric quote` : ce qu’un job prendrait, coûterait et attendrait.

quote-size = { $cpus ->
        [one] Un processeur
       *[other] { $cpus } processeurs
    }, { $memory }, partition { $partition }, QOS { $qos }.
quote-size-gpus = { $cpus ->
        [one] Un processeur
       *[other] { $cpus } processeurs
    }, { $memory }, GPU : { $gpus } (leur consommation n’est pas comptée ici), partition { $partition }, QOS { $qos }.
quote-size-tasks = { $tasks } tâches, chacune avec { $cpus ->
        [one] un processeur
       *[other] { $cpus } processeurs
    }, { $memory }, partition { $partition }, QOS { $qos }. Énergie et coût sont ceux de toutes les tâches, comme si elles tournaient à la fois.
quote-size-gpus-tasks = { $tasks } tâches, chacune avec { $cpus ->
        [one] un processeur
       *[other] { $cpus } processeurs
    }, { $memory }, GPU : { $gpus } (leur consommation n’est pas comptée ici), partition { $partition }, QOS { $qos }. Énergie et coût sont ceux de toutes les tâches, comme si elles tournaient à la fois.
quote-memory-unlimited = mémoire sans limite
quote-no-limit = sans limite
quote-length-same = Il devrait tourner { $expected } (huit fois sur dix entre { $low } et { $high }), comme vos { $runs } derniers jobs de ce nom et de cette taille ; au plus { $most }.
quote-length-application = Il devrait tourner { $expected } (huit fois sur dix entre { $low } et { $high }), comme vos { $runs } derniers jobs de ce nom ; au plus { $most }.
quote-length-member = Il devrait tourner { $expected } (huit fois sur dix entre { $low } et { $high }), comme vos { $runs } derniers jobs ; au plus { $most }.
quote-length-unknown = On ne sait pas combien de temps il tournera : trop peu de jobs semblables ont tourné, ou vos limites de temps en disent plus qu’eux. Au plus : { $most }.
quote-amounts = { $expected } attendus ({ $low } à { $high }), { $most } au plus
quote-amounts-expected = { $expected } attendus ({ $low } à { $high })
quote-amounts-most = { $most } au plus
quote-energy-model = Énergie : { $amounts } ({ $watts } W chacun pendant le calcul, d’après les chiffres de l’opérateur pour cette machine).
quote-energy-calibration = Énergie : { $amounts } ({ $watts } W chacun pendant le calcul, d’après la mesure de cette machine).
quote-energy-unknown = L’énergie et le coût ne sont pas connus : personne n’a encore mesuré cette machine.
quote-start-now = tout de suite
quote-start = à { $time }
quote-start-unknown = à un moment que personne ne peut dire
quote-now = Soumis maintenant, il démarrerait { $start }.
quote-now-cost = Soumis maintenant, il démarrerait { $start }. Électricité : { $cost }.
quote-flexible = Il ne craint pas d’attendre, et démarrerait plutôt { $start }.
quote-flexible-cost = Il ne craint pas d’attendre, et démarrerait plutôt { $start }. Électricité : { $cost }.
quote-if-flexible = Avec --comment=flexible il démarrerait { $start }.
quote-if-flexible-cost = Avec --comment=flexible il démarrerait { $start }. Électricité : { $cost }.
quote-saving = Attendre économise { $saving } ({ $percent } %).
quote-price-unknown = Certains de ces prix sont supposés ({ $contract }) : le contrat ne les dit pas encore, ou aucun n’a été nommé.
quote-price = Le projet paie { $amounts }, hors taxe (tarif { $tariff }).
quote-refused = Il serait refusé à présent : { $why }.
