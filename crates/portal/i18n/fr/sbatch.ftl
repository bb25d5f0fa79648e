# Ce que Slurm dit d’une ligne #SBATCH fautive. $a, $b et $c : ce que la ligne contient.

sbatch-unknown = L’option { $a } n’existe pas.
sbatch-unknown-short = L’option -{ $a } n’existe pas.
sbatch-ambiguous = { $a } est trop court : l’option peut être{ $b }.
sbatch-argument = L’option { $a } demande une valeur.
sbatch-argument-short = L’option -{ $a } demande une valeur.
sbatch-no-argument = L’option { $a } ne prend pas de valeur.
sbatch-instant = « { $b } » n’est pas un moment. Par exemple : 18:30, now+2hours, 2026-12-24T18:00.
sbatch-number = « { $a } » n’est pas un nombre qui convient à { $b }.
sbatch-nodes = « { $a } » n’est pas un nombre de machines. Par exemple : 1, ou 2-4.
sbatch-nodes-backwards = Au plus { $a } machines, mais au moins { $b } : c’est à l’envers.
sbatch-nice = La valeur de --nice est hors de ses bornes.
sbatch-priority = La priorité ne peut pas être négative.
sbatch-time = Cette durée ne se lit pas. Par exemple : 90 (minutes), 1:30:00 (heures), 2-12 (jours et heures).
sbatch-memory = Cette quantité de mémoire ne se lit pas. Par exemple : 500M, 4G.
sbatch-value = Cette valeur ne convient pas à { $a }.
sbatch-root = { $a } : seul l’administrateur de la machine le peut.
sbatch-exclusive = { $a } : un seul à la fois.
sbatch-quote = Un guillemet n’est pas fermé.
sbatch-directive = « { $a } » n’est pas une option.
sbatch-empty = Le script est vide.
sbatch-no-script = La première ligne doit nommer le programme qui lit le script. Par exemple : #!/bin/bash
sbatch-null = Le script contient un caractère nul : ce n’est pas un texte.
sbatch-dos = Les lignes se terminent comme sous Windows : enregistrez le script avec des fins de ligne Unix.
