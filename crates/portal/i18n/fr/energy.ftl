# Où est allée l’énergie.

energy-title = Énergie du centre, { $when }
energy-title-machine = Énergie de { $machine }, { $when }
energy-title-projects = Énergie des projets, { $when }
energy-title-project = Énergie de { $project }, { $when }
energy-tabs = Jour, mois ou année
energy-time = Avant et après
energy-path = Où l’on est
energy-day = Jour
energy-month = Mois
energy-year = Année
energy-before = Avant
energy-after = Après
energy-empty = Rien n’a été mesuré
energy-empty-help = Aucun compteur n’a répondu pendant ce temps. Regardez une autre date.
energy-no-meter = Aucun compteur ne mesure cette machine. Une prise mesurante suffit : la documentation des opérateurs dit comment la déclarer.
energy-jobs-share = dont { $share } pour des travaux
energy-cost = Coût
energy-cost-note = électricité, au prix de chaque heure
energy-assumed = tarif réglementé, supposé : aucun contrat n’est déclaré
energy-guessed = dont { $energy } à un prix supposé
energy-production = CO₂e, production
energy-production-note = ce qu’émettent les centrales, moyenne française ou quart d’heure du réseau
energy-lifecycle = CO₂e, consommation et cycle de vie
energy-lifecycle-note = avec les importations et la fabrication des centrales
energy-two-figures = Deux façons de compter le carbone, qui ne s’additionnent jamais.
energy-power = Puissance
energy-measured = puissance mesurée
energy-parts = À quoi elle a servi
energy-jobs = travaux
energy-system = système
energy-idle = au repos, non réservée
energy-unmeasured = non mesurée
energy-rates = Par tarif
energy-rate = Tarif
energy-per-kwh = le kWh
energy-machines = Par machine
energy-machine = Machine
energy-to-projects = L’énergie de mes projets
energy-how = Comment on le sait
energy-meter = { $meter }, à { $percent } près.
meter-model = calcul sans compteur : { $a } W au repos et { $b } mW de plus par processeur qui calcule
meter-rapl = compteurs des processeurs (RAPL, { $a })
meter-shelly = prise Shelly à l’adresse { $a }
meter-tasmota = prise Tasmota à l’adresse { $a }
meter-redfish = contrôleur de la machine à l’adresse { $a } (Redfish)
meter-ipmi = contrôleur de la machine à l’adresse { $a } (IPMI)
meter-ipmi-own = contrôleur de la machine (IPMI)
meter-pdu = bandeau de prises { $a } à l’adresse { $b }
meter-nvml = { $a } cartes NVIDIA, par leur pilote
energy-fallback = compteur de secours
energy-idle-power = Au repos : { $power },
energy-calibrated = mesurés le { $date }.
energy-not-calibrated = supposés, non mesurés.
energy-cheap = heures les moins chères
energy-middle = entre les deux
energy-dear = heures les plus chères
energy-by-project = Par projet
energy-project = Projet
energy-runs = Exécutions
energy-runs-count = { $count ->
    [one] 1 exécution
   *[other] { $count } exécutions
  }
energy-of-project-parts = Énergie des travaux terminés
energy-projects-empty = Aucun travail de vos projets ne s’est terminé
energy-projects-empty-help = Un travail compte, en entier, le jour où il se termine. Regardez une autre date, ou lancez-en un.
energy-whole-runs = Un travail compte, en entier, le jour où il se termine.
energy-applications = Par application
energy-application = Application
energy-others = les autres
rate-base = tarif unique
rate-peak = heures pleines
rate-off-peak = heures creuses
rate-blue-peak = jour bleu, heures pleines
rate-blue-off-peak = jour bleu, heures creuses
rate-white-peak = jour blanc, heures pleines
rate-white-off-peak = jour blanc, heures creuses
rate-red-peak = jour rouge, heures pleines
rate-red-off-peak = jour rouge, heures creuses
energy-silent = muette depuis { $span }
energy-faults = { $count ->
    [one] un défaut trouvé
   *[other] { $count } défauts trouvés
}
