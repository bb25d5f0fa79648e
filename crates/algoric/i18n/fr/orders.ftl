# Ce qui a été fait comme demandé.

admin-done = C’est fait.
commands-done = Les commandes sont dans { $directory }. Ajoutez-le à votre PATH :  export PATH={ $directory }:$PATH
commands-foreign = { $directory } contient déjà { $names }, qui viennent d’ailleurs ; rien n’a été changé
commands-foreign-advice = Choisissez un autre répertoire, ou retirez d’abord ces fichiers.
drain-done = La machine ne démarre plus de job. `algoric resume` la remet en service.
resume-done = La machine démarre de nouveau des jobs.
reservation-added = C’est réservé. `algoric reservation list` la montre.
reservation-removed = La réservation n’existe plus.
stop-draining = Plus rien ne démarre ; on attend la fin des jobs en cours. Ctrl-C laisse le centre se vider.
stop-done = Le centre est arrêté. Les jobs en cours continuent ; le prochain `algoric up` les retrouvera.
stop-done-drained = Tous les jobs sont terminés, et le centre est arrêté.
urgent-done = Le job { $job } passe en premier. `algoric history { $job }` garde qui l’a ordonné, pourquoi, et ce qui a été déplacé.

flood-progress = { $percent } %
flood-done = Pluie de { $rain } mm/h pendant { $hours } h : { $deepest } m d’eau au plus profond. Sur { $fallen } m³ tombés, { $left } m³ sont partis et { $stored } m³ restent au sol (écart { $imbalance }, { $steps } pas).
map-done = La carte est dans { $file }.

power-failed = { $machine } : { $why }
power-no-list = { $list } n'est pas une liste de machines
power-no-list-advice = Écrivez-la comme Slurm : n[1-3],n7
