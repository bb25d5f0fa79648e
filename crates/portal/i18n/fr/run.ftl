# Ce qu’un travail a coûté, et ce que le suivant devrait demander : commandes et pages.

advice-too-short = Il a tourné trop peu de temps pour un conseil.
advice-broken = Il n’est pas arrivé de lui-même à son terme : ce qu’il a utilisé dit peu de ce qu’il lui faut.
advice-out-of-time = Il a été arrêté à sa limite de temps. On ne sait pas combien il lui en faut.
advice-out-of-memory = Il a été arrêté faute de mémoire. On ne sait pas combien il lui en faut.
advice-fits = Ce qu’il a demandé convient à ce qu’il a utilisé.
advice-next = La prochaine fois, demandez :
advice-saves = Cela aurait épargné { $energy } de puissance réservée et { $euros } ({ $percent } du tout) : de la place pour d’autres tant que la machine est allumée, et moins à payer.
advice-phases = Les CPU sont une moyenne : un programme qui calcule sur tous une partie du temps serait plus lent.
advice-sooner = Cela n’épargne pas d’électricité, mais une limite plus courte commence plus tôt : elle tient dans plus de trous.
advice-of-tasks = D’après { $runs ->
    [one] l’exécution terminée.
   *[other] { $runs } exécutions terminées.
}
advice-not-over = Il n’est pas fini : ce qu’il lui faut se sait à la fin.
advice-none = Rien n’en a tourné : il n’y a rien à conseiller.

price-label = Prix
price-free-none = Gratuit : il ne compte pour aucun projet.
price-free = Gratuit : personne ne paie les travaux du projet { $project }.
price-used = { $amount } = { $terms }
price-term-core-hour = { $quantity } heures-cœur × { $price }
price-term-memory-gib-hour = { $quantity } Gio-heures de mémoire × { $price }
price-term-gpu-hour = { $quantity } heures-GPU × { $price }
price-term-machine-hour = { $quantity } heures-machine × { $price }
price-term-kwh = { $quantity } kWh × { $price }
price-term-gib-month = { $quantity } Gio-mois × { $price }
price-work = Utilisé
price-off-in-kind = Heures d’intérêt général
price-off-prepaid = Heures payées d’avance
price-off-credit = Avoir
price-off-overrun = Au-delà du devis : le centre le prend en charge
price-back-failure = Rendu : la machine est tombée en panne
price-back-displaced = Rendu : un travail urgent a pris sa place
price-back-adjustment = Corrigé
price-paid = Le projet paie
price-paid-so-far = Le projet paie, à ce jour
price-tax = { $amount } hors taxe ; avec { $vat } de TVA : { $total }
price-no-tax = { $amount }, sans TVA
price-running = En cours, estimé à ce jour
price-most = Réservé pour ce qui n’est pas fini, au plus
price-due = { $runs ->
    [one] Il est fini ; son prix définitif vient dans un instant, quand son énergie est connue.
   *[other] { $runs } exécutions sont finies ; leur prix définitif vient dans un instant, quand leur énergie est connue.
}
price-rounding = Une facture additionne les travaux et s’arrondit une fois, au centime.
price-not-yet = Rien encore : le prix se sait quand il a tourné.
