# Accueil d’un membre, travaux, nouveau travail.

crumbs = Fil d’Ariane
list-of = { $first } et { $last }

no-account-title = Vous pouvez regarder, pas encore calculer
no-account-what = Aucun compte de la machine n’est lié à vous.
no-account-help = Un travail tourne sous un compte de la machine, avec ses fichiers et ses droits. Un opérateur du centre en lie un au vôtre, ou en crée un ; vous n’avez rien à faire.
no-account-operator = Un travail tourne sous un compte de la machine, avec ses fichiers et ses droits. Vous êtes opérateur : liez-en un à vous-même, ou faites-en créer un, sur la page des membres.

jobs-title = Travaux
jobs-which = Lesquels
jobs-all = Tous
jobs-open = En cours et en attente
jobs-well = Bien terminés
jobs-badly = Échoués ou arrêtés
jobs-name = Nom
jobs-look = Chercher
jobs-everybody = Ceux de tous
jobs-new = Nouveau travail
jobs-job = Travail
jobs-state = État
jobs-submitted = Soumis
jobs-ran = Durée
jobs-energy = Énergie
jobs-tasks = { $tasks ->
    [one] une tâche
   *[other] { $tasks } tâches
}
jobs-none = Il n’y a pas de travail ici.
jobs-none-help = Vous n’avez encore rien soumis.
jobs-none-such = Aucun travail ne correspond à ce qui est cherché.
jobs-none-yet = Parmi les plus récents, aucun ne correspond ; cherchez plus loin.
jobs-pages = Pages
jobs-newest = Les plus récents
jobs-older = Plus anciens

job-state-pending = en attente
job-state-held = retenu
job-state-running = en cours
job-state-suspended = suspendu
job-state-configuring = se prépare
job-state-completing = se termine
job-state-completed = terminé
job-state-cancelled = annulé
job-state-failed = échoué
job-state-timeout = temps dépassé
job-state-node-fail = panne
job-state-preempted = a cédé la place
job-state-deadline = échéance manquée
job-state-out-of-memory = mémoire dépassée
job-state-boot-fail = panne au démarrage
job-state-requeued = remis en file
job-state-resizing = change de taille
job-state-revoked = retiré
job-state-signaling = signalé
job-state-special-exit = retenu
job-state-stage-out = se termine
job-state-stopped = arrêté

job-runs = Il tourne depuis { $elapsed } ; il lui reste au plus { $left }.
job-runs-unlimited = Il tourne depuis { $elapsed }, sans limite de temps.
job-ended-completed = Il s’est bien terminé { $when }.
job-ended-failed = { $signal ->
    [0] Il a échoué { $when } : son script a rendu le code { $code }. La fin de sa sortie en dit souvent plus.
   *[other] Il a échoué { $when } : un signal ({ $signal }) l’a arrêté. La fin de sa sortie en dit souvent plus.
}
job-ended-timeout = Il a été arrêté { $when } à sa limite de temps. Donnez-lui-en plus, ou faites-lui enregistrer ce qui est fait.
job-ended-out-of-memory = Il a été arrêté { $when } : il a pris plus de mémoire qu’il n’en avait demandé. Donnez-lui-en plus.
job-ended-cancelled = Il a été annulé { $when }.
job-ended-node-fail = La machine, ou ce qui veillait sur lui, est tombée en panne { $when }. Ce n’est pas sa faute : relancez-le.
job-ended-preempted = Il a été arrêté { $when } pour laisser la place à un travail plus important.
job-ended-deadline = Il n’aurait pas pu finir avant son échéance.
job-ended-requeued = Il a été remis dans la file.
job-ended-boot-fail = La machine n’a pas démarré.
job-ended-pending = Il n’a pas encore commencé.
job-ended-running = Il tourne.
job-ended-suspended = Il est suspendu.
job-ended-completing = Il se termine.

job-do-cancel = Annuler
job-do-hold = Retenir
job-do-release = Libérer
job-do-again = Relancer
job-do-national = L’emmener à un centre national
done-job-submitted = C’est soumis. Le travail est sur disque : il ne sera pas oublié.
done-job-cancel = L’annulation est en route.
done-job-hold = Le travail est retenu.
done-job-release = Le travail est libéré.

job-output = Sortie
job-output-cut = Seule la fin est montrée.
job-output-live = La suite s’affiche à mesure qu’elle s’écrit.
job-output-over = Le travail est terminé. Rechargez la page pour ses chiffres.
job-output-reload = Rechargez la page pour la suite.
job-output-empty = Il n’a rien écrit.
job-output-none = Sa sortie ne peut pas être montrée ici.
job-output-whole = Tout voir
job-asked = Demandé
job-used = Utilisé
job-nothing-used = Rien encore : il n’a pas commencé.
job-nothing-measured = Rien n’a été mesuré encore.
job-runs-over = Exécutions terminées
job-busiest = Calcul de la plus active
job-busiest-of = { $busy } processeur en moyenne
job-submitted = Soumis
job-project = Projet
job-owner = De
job-cpus = Processeurs
job-memory = Mémoire
job-usual = comme d’habitude
job-limit = Durée maximale
job-gpus = GPU
job-tasks = Tâches
job-folder = Dossier
job-ran = Durée
job-busy = Calcul
job-busy-of = { $busy } processeurs en moyenne, sur { $cpus }
job-most-memory = Mémoire au plus
job-energy = Énergie
job-cost = Électricité
job-carbon-production = Carbone, moyenne de production
job-carbon-lifecycle = Carbone, consommation et cycle de vie
job-over-time = Au cours du temps
job-cpus-over-time = Processeurs occupés
job-memory-over-time = Mémoire
job-power-over-time = Puissance
job-asked-for = demandé
job-steps = Étapes
job-step-script = script
job-attempt = { $number ->
    [1] travail
   *[other] essai { $number }
}
job-part = Partie
job-started = Commencé
job-exit = Code
job-signal = signal { $signal }
job-cpu-time = Calcul
job-script = Script
job-script-get = Télécharger le script
job-tasks-wait = { $count ->
    [one] une tâche attend
   *[other] { $count } tâches attendent
}
job-tasks-not-started = Ces tâches ont fini avant de commencer.
job-no-task-over = Aucune tâche n’est encore finie.
job-more-tasks = Tâches suivantes

new-lead = Choisissez une application, écrivez un script, ou partez d’un travail passé. Ce qu’il coûtera s’affiche avant de le soumettre.
new-faulty = Un modèle est faux :
new-from-form = D’une application
new-from-script = D’un script
new-script = Script
new-script-about = Un script comme pour sbatch : ses lignes #SBATCH sont vérifiées pendant que vous écrivez. Il tournera aussi dans un centre national.
new-write-script = Écrire un script
new-from-job = D’un travail passé
new-copy = Copier
new-learned = Durée et mémoire proposées d’après votre travail { $job }, qui a duré { $time } et pris { $memory }.
new-optional = (facultatif)
new-file-help = Un chemin dans votre dossier.
new-editor = Script
new-editor-help = Les lignes #SBATCH disent ce qu’il lui faut ; elles comptent jusqu’à la première commande.
new-more = Plus de réglages
new-folder = Dossier de travail
new-folder-help = Vide : un nouveau dossier dans jobs/, pour ce travail seul.
new-submit = Soumettre
new-readme = En savoir plus

quote-title = Ce qu’il prendra
quote-count = Calculer
quote-wrong = À corriger :
quote-faulty = À corriger dans les lignes #SBATCH :
quote-line = Ligne { $line }
quote-refused = Il serait refusé :
quote-start = Début
quote-at-once = tout de suite
quote-unknown-start = on ne peut pas le dire
quote-length = Durée
quote-moment = un instant
quote-no-limit = sans limite
quote-most = au plus { $most }
quote-at-most = au plus
quote-learned-same = comme vos { $runs } derniers travaux de ce nom et de cette taille (de { $low } à { $high }) ; au plus { $most }
quote-learned-application = comme vos { $runs } derniers travaux de ce nom (de { $low } à { $high }) ; au plus { $most }
quote-learned-member = comme vos { $runs } derniers travaux (de { $low } à { $high }) ; au plus { $most }
quote-not-learned = vos prochains travaux de ce nom diront mieux
quote-energy = Énergie
quote-electricity = Électricité
quote-price = À payer par le projet, hors taxe
quote-not-measured = L’énergie et le coût ne sont pas connus : personne n’a encore mesuré cette machine.
quote-assumed = Le prix de l’électricité est supposé ({ $contract }).
quote-tasks = Pour les { $tasks } tâches ensemble, comme si elles tournaient à la fois.
quote-could-wait = S’il pouvait attendre, il commencerait { $time } et économiserait { $saving }.
quote-waits = Il attend les heures creuses : début { $time }, { $saving } d’économie.

app-fault-missing = à remplir
app-fault-number = ce n’est pas un nombre
app-fault-time = ce n’est pas une durée ; écrivez par exemple 30 min, 2 h ou 1:30:00
app-fault-memory = ce n’est pas une taille de mémoire ; écrivez par exemple 500M ou 4G
app-fault-small = au moins { $bound }
app-fault-great = au plus { $bound }
app-fault-choice = choisissez dans la liste
app-fault-pattern = cela ne convient pas (forme attendue : { $bound })
app-fault-long = au plus { $bound } lettres
app-fault-letters = il contient des caractères qui n’en sont pas
app-fault-file = un fichier { $bound } est attendu
app-fault-many = au plus { $bound } valeurs

jobs-refused-other = { $detail }
jobs-refused-invalid-account = Ce projet n’existe pas, ou vous n’en êtes pas membre. { $detail }
jobs-refused-invalid-partition = Il n’y a pas de partition de ce nom. { $detail }
jobs-refused-invalid-qos = Cette QOS n’existe pas, ou n’est pas pour vous. { $detail }
jobs-refused-node-config-unavailable = La machine n’a pas autant de processeurs. { $detail }
jobs-refused-memory-unavailable = La machine n’a pas autant de mémoire. { $detail }
jobs-refused-too-many-jobs = La file est pleine.
jobs-refused-too-many-of-user = Vous avez autant de travaux qu’une personne peut en avoir.
jobs-refused-invalid-time-limit = C’est plus long que permis. { $detail }
jobs-refused-invalid-time = Les heures se contredisent. { $detail }
jobs-refused-array-too-large = Le tableau a trop de tâches. { $detail }
jobs-refused-access-denied = Ce n’est pas permis. { $detail }
jobs-refused-invalid-gres = Il n’y a pas tant de ces ressources. { $detail }
jobs-refused-storage-failed = Le centre ne peut rien écrire en ce moment. Rien n’a été soumis.

home-hello = Bonjour { $name }
home-first = Un premier travail, en deux minutes
home-first-1 = Soumettez un petit programme Python tel quel.
home-first-try = Essayer
home-first-2 = Sa page montre ce qu’il écrit, à mesure qu’il tourne, puis ce qu’il a consommé.
home-first-3 = Ses résultats sont dans vos fichiers.
home-running = En cours
home-nothing-runs = Rien ne tourne.
home-waiting = En attente
home-nothing-waits = Rien n’attend.
home-runs = { $elapsed } sur { $limit } au plus
home-left = Ce qui reste
home-budget-once = il reste { $left } sur { $limit }
home-budget-month = il reste { $left } sur { $limit } ce mois-ci
home-budget-year = il reste { $left } sur { $limit } cette année
home-core-hours = { $hours } heures de cœur
home-recent = Derniers travaux
home-all = Tous les travaux

national-title = L’emmener à un centre national
national-lead = Ce script est écrit dans la langue de Slurm : il tourne là-bas tel quel, ou presque.
national-change = Ce qu’il faut y changer
national-account = Compte
national-account-help = --account={ $project } devient le numéro du projet qui vous y a été attribué (les heures sont demandées d’avance, par DARI en France).
national-partition = Partition
national-partition-help = Chaque centre a les siennes, ou des --constraint : regardez `sinfo` et sa documentation, et nommez-en une.
national-time = Durée
national-time-help = { $limit } convient s’il y a autant de processeurs aussi rapides. Ne demandez pas plus : les travaux courts commencent plus tôt.
national-time-none = Dites une durée (--time) : il en faut une là-bas.
national-scratch = Fichiers
national-scratch-help = { $folder } n’existe pas là-bas. Copiez-y ce qu’il lit (rsync), faites-le travailler dans $SCRATCH, et reprenez les résultats : ce dossier y est vidé après quelques semaines.
national-modules = Programmes
national-modules-help = Les programmes viennent par `module load` : cherchez-les avec `module avail` ({ $programs }), et chargez-les au début du script.
national-size = Taille
national-size-help = Un nœud y a souvent 100 cœurs et plus, réservés entiers. Réunissez plusieurs petits travaux en un, ou utilisez une partition partagée.
national-comment = --comment=flexible
national-comment-help = N’y veut rien dire : les heures creuses sont une affaire d’ici. Retirez-le si vous voulez.
national-algoric = algoric
national-algoric-help = Ce programme n’y est pas. Il est d’un seul fichier : copiez-le dans votre dossier et appelez-le par son chemin.
national-no-script = Ce travail n’avait pas de script.

jobs-forget = Tout montrer
jobs-more-filters = Projet, état, application, dates
jobs-any = peu importe
jobs-application = Application
jobs-since = Du
jobs-until = Au
home-advice = Conseils
home-advice-later = Pas encore : les conseils viennent quand un de vos travaux est fini.
home-advice-short = Pas encore : vos derniers travaux ont tourné trop peu de temps pour en tirer un.
home-advice-fits = Aucun : ce que vos derniers travaux ont demandé convient à ce qu’ils ont utilisé.
