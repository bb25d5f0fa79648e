# `algoric energy`.

energy-column-what = DE
energy-column-kwh = KWH
energy-column-jobs = TRAVAUX
energy-column-system = SYSTÈME
energy-column-idle = AU REPOS
energy-column-unmeasured = NON MESURÉ
energy-column-euros = EUR
energy-column-production = G CO2E PRODUCTION
energy-column-lifecycle = G CO2E CYCLE DE VIE
energy-column-runs = EXÉCUTIONS
energy-column-dynamic = CALCUL
energy-column-reserved = RÉSERVÉ
energy-column-gpu = GPU
energy-column-measured = MESURÉ
energy-column-account = COMPTE
energy-column-share = PART
energy-column-note = REMARQUE
energy-column-index = INDEX KWH
energy-column-rate = TARIF
energy-column-price = EUR/KWH
energy-column-known = CONNU

energy-sum = ensemble
energy-nothing = Rien n’a été mesuré pendant ce temps.
energy-meter = { $machine } : { $meter }, à { $percent } % près.
energy-no-meter = { $machine } : pas de compteur ; `algoric meter test` dit ce qui pourrait en être un.
energy-fallback = (Ce n’est pas le compteur préféré : celui-là ne répond pas.)
energy-idle-calibrated = { $idle } W au repos, étalonné le { $time }.
energy-idle-unknown = La puissance au repos n’est pas connue, donc tout compte comme du calcul : `algoric meter calibrate` la mesure.
energy-idle-assumed = { $idle } W au repos, supposés : `algoric meter calibrate` les mesure.
energy-assumed = Les prix sont supposés, au tarif réglementé : config.toml ne nomme aucun contrat ([electricity]).
energy-guessed = { $energy } ont un prix supposé : le calendrier du contrat ne le dit pas.
energy-imported = { $count ->
    [one] Une ligne prise
   *[other] { $count } lignes prises
} ; le calendrier en a maintenant { $known }.
energy-odd-red-day = Le { $what } est rouge, ce qu’aucun week-end, jour férié ou jour d’avril à octobre ne devrait être.
energy-odd-red-in-a-row = Le { $what } est le sixième jour rouge de suite, ou un suivant.
energy-odd-white-sunday = Le { $what } est blanc, et un dimanche.
energy-odd-too-many-red = Plus de 22 jours rouges dans l’année commencée en septembre { $what }.
energy-odd-too-many-white = Plus de 43 jours blancs dans l’année commencée en septembre { $what }.

energy-no-period = { $period } n’est ni une année, ni un mois, ni un jour
energy-no-period-advice = Écrivez 2026, 2026-11 ou 2026-11-22.
energy-no-kwh = { $text } n’est pas un nombre de kilowattheures
energy-no-kwh-advice = Écrivez-le comme la facture : 1310,5
energy-no-date = { $text } n’est pas une date
energy-no-date-advice = Écrivez 2026-11-01, 2026-11-01T18:30 ou 2026-11-01T18:30:00+01:00.
energy-unreadable = { $file } : { $why }
energy-index-noted = Noté : { $kwh } kWh le { $time }.
energy-indexes-noted = { $count ->
    [one] Un index noté
   *[other] { $count } index notés
}.
energy-index-removed = L’index du { $time } est oublié.
energy-index-none = Il n’y a pas d’index du { $time }
energy-index-none-advice = `algoric energy index` en donne la liste.
energy-index-future = Le { $time } est à venir : aucun compteur n’a été relevé ce jour-là
energy-index-future-advice = Écrivez le jour du relevé.
energy-index-back = { $kwh } kWh le { $time }, c’est moins que { $more } kWh le { $earlier } : un compteur ne recule pas
energy-index-back-advice = Rien n’a été noté. Oubliez l’index faux par --remove DATE, ou dites --new-meter si le compteur a été changé.

month-jobs = travaux
month-system = système
month-idle = au repos, non réservé
month-unmeasured = non mesuré
month-machines = machines
month-machines-note = ± { $energy } ; { $count ->
    [one] une machine
   *[other] { $count } machines
}, { $known } du temps connu
month-overhead = salle
month-pue = PUE mesuré { $pue }
month-site = compteur du site
month-no-site = pas d’index avant et après : algoric energy index { $month }-01 KWH
month-interpolated = interpolé entre deux index
month-bill = facture
month-unexplained = inexpliqué
month-too-much = les compteurs réclament plus qu’il n’y eut
month-cost = Aux prix des heures : { $euros } EUR, et { $subscription } EUR d’abonnement.

contract-title = { $name }, { $euros } EUR par mois ({ $source })
contract-zone = Les heures sont celles de { $zone }.
rate-base = base
rate-peak = heures pleines
rate-off-peak = heures creuses
rate-blue-peak = bleu, heures pleines
rate-blue-off-peak = bleu, heures creuses
rate-white-peak = blanc, heures pleines
rate-white-off-peak = blanc, heures creuses
rate-red-peak = rouge, heures pleines
rate-red-off-peak = rouge, heures creuses
rate-listed = de la liste
rate-otherwise = hors de la liste
