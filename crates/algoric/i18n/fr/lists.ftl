# Titres des colonnes, et mots dont sont faits listes et quantités.

column-cores = CŒURS
column-cpus = PROCESSEURS
column-cpu-time = TEMPS CPU
column-default = PAR DÉFAUT
column-description = DESCRIPTION
column-detail = DÉTAIL
column-elapsed = DURÉE
column-end = JUSQU’À
column-fixed = DANS LE FICHIER DE CONFIGURATION
column-job = JOB
column-members = MEMBRES
column-memory = MÉMOIRE
column-name = NOM
column-pending = EN ATTENTE
column-project = PROJET
column-projects = PROJETS
column-running = EN COURS
column-shares = PARTS
column-start = À PARTIR DE
column-state = ÉTAT
column-task = TÂCHE
column-user = COMPTE
column-users = COMPTES
column-what = ÉVÉNEMENT
column-when = QUAND

all-cores = tous
list-and = et
list-empty = Rien à afficher.
no = non
unit-day = j
unit-gib = { $amount } Gio
unit-mib = { $amount } Mio
yes = oui

# Ce qui est arrivé à un job.
history-submitted = soumis
history-changed = modifié
history-held = retenu
history-released = libéré
history-started = démarré
history-suspended = suspendu
history-resumed = repris
history-requeued = remis en file
history-cancelled = annulé
history-ended = terminé
history-urgent = déclaré urgent
