# Le fichier de données en entier.

backup-done = { $file } est une copie complète et vérifiée : { $submissions } soumissions ({ $open } non terminées), { $runs } exécutions, { $size }.
restore-done = Les données sont celles de { $file } : { $submissions } soumissions ({ $open } non terminées), { $runs } exécutions, { $size }. Les précédentes sont à côté, avec la terminaison .before-restore.
restore-running = un centre tourne sur { $data }
restore-running-advice = Arrêtez-le d’abord avec `algoric stop`, restaurez, puis `algoric up`.
check-done = { $file } est sain : { $submissions } soumissions ({ $open } non terminées), { $runs } exécutions, { $size }.

demo-filled = { $folder } contient maintenant un passé inventé : { $jobs } travaux de { $members } membres dans { $projects } projets, { $kwh } kWh. Pour y démarrer un centre : algoric up --data { $folder }
