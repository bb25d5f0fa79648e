# `algoric try`.

try-begin =
    Un centre privé démarre, calcule six scénarios de pluie sur une petite vallée, dessine la carte des inondations, puis disparaît.
    Cela prend environ 40 secondes sur deux cœurs ; Ctrl-C arrête tout à n’importe quel moment.
try-submitted = Soumis avec sbatch : le tableau { $array } (six scénarios), et le job { $map } (la carte), qui les attend tous.
try-done = Algoric a fait tourner un centre entier pendant { $span } : il a pris vos jobs, les a exécutés dans leurs limites, en a tenu le compte, et a laissé la carte des inondations dans { $picture }.
try-next = Démarrez maintenant le vôtre avec `algoric up`, mettez les commandes dans votre PATH avec `algoric commands DIR`, et soumettez un script à vous avec `sbatch`.
try-silent = Il n’a rien dit.
try-no-centre = le centre privé n’a pas démarré. Il a dit : { $log }
try-no-centre-advice = `algoric doctor` examine la machine et dit que faire.
try-interrupted = interrompu : les jobs sont arrêtés, et tout est retiré
try-failed = la tâche { $task } a fini en { $state }. Elle a dit : { $log }
try-failed-advice = `algoric try --keep DIR` laisse tout sur place ; `algoric doctor` examine la machine.
try-keep-full = { $directory } n’est pas vide
try-keep-full-advice = Nommez un nouveau répertoire.
try-cannot-write = impossible d’écrire l’image dans { $directory }
try-cannot-write-advice = Allez d’abord dans un répertoire à vous, ou nommez-en un nouveau avec --keep DIR.

task-pending = en attente
task-running = en cours
task-completing = se termine
task-completed = terminé
task-failed = échoué
task-cancelled = annulé
task-out-of-memory = mémoire dépassée
task-timeout = temps dépassé
