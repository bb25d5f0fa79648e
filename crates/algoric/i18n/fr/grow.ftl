# D’une machine à une grappe.

grow-no-park = il n’y a pas de { $file }
grow-no-park-advice = Nommez les machines, le contrôleur d’abord : algoric grow scan head=10.0.0.1 n1=10.0.0.2
grow-no-plan = il n’y a pas de plan dans { $folder }
grow-no-plan-advice = `algoric grow plan` en écrit un, d’après park.toml.
grow-old-plan = le plan dans { $folder } a été fait par une autre version d’algoric
grow-old-plan-advice = Refaites-le avec `algoric grow plan` : les clés et l’avancement restent.
grow-busy = quelqu’un d’autre travaille sur le plan dans { $folder }
grow-not-measured = pas encore mesurées : { $names }
grow-not-measured-advice = `algoric grow scan` interroge toutes les machines de park.toml.
grow-too-old = { $machine } a Slurm { $version }, trop ancien : le plan vaut pour { $tried } et la suite
grow-silent = { $machine } n’a pas pu être interrogée : { $why }
grow-clock-warning = L’horloge de { $machine } est décalée de { $seconds } s ; les jobs demandent moins de 5 minutes. Qu’elle suive un serveur de temps (apt install systemd-timesyncd).
grow-name-warning = { $machine } se nomme elle-même { $hostname } : le plan en tient compte, mais un seul nom serait plus simple.
grow-planned = Le plan est dans { $folder } : { $steps } étapes sur { $machines } machines. Lisez-y PLAN.md, puis : algoric grow apply --folder { $folder }
grow-already = déjà ainsi
grow-well = bon
grow-made = fait
grow-to-do = à faire
grow-failed = ÉCHEC
grow-stopped = Arrêté ; rien au-delà n’a été commencé. Réparez ce qui est nommé ci-dessus et relancez `algoric grow apply` : il reprend ici. `algoric grow undo` défait ce qui a été fait.
grow-applied = La grappe { $cluster } fonctionne ({ $count ->
    [0] il n’y avait rien à faire
    [one] une étape faite
   *[other] { $count } étapes faites
}), et un job a tourné sur toutes ses machines.
grow-would = { $count ->
    [0] Rien ne serait fait : tout est comme prévu.
    [one] Une étape serait faite.
   *[other] { $count } étapes seraient faites.
} Rien n’a été changé sur { $cluster }.
grow-undo-stopped = Arrêté. Ce qui est nommé ci-dessus n’a pas pu être défait ; relancez `algoric grow undo` pour continuer.
grow-undone = { $count ->
    [0] Il n’y avait rien à défaire.
    [one] Une étape a été défaite.
   *[other] { $count } étapes ont été défaites.
}
grow-would-undo = { $count ->
    [0] Il n’y a rien à défaire.
    [one] Une étape serait défaite.
   *[other] { $count } étapes seraient défaites.
}
grow-to-undo = serait défait
grow-taken-back = défait
grow-sound = Rien n’a dérivé : les { $count } machines de { $cluster } sont comme prévu.
grow-drifted = était { $was }, est { $is }

grow-column-machine = MACHINE
grow-column-address = ADRESSE
grow-column-processors = SOCKETS x CŒURS x FILS
grow-column-memory = MÉMOIRE
grow-column-for-jobs = POUR LES JOBS
grow-column-gpus = GPU
grow-column-os = SYSTÈME
grow-column-slurm = SLURM
grow-column-home = HOME
grow-column-roles = RÔLE
grow-column-what = QUOI
grow-column-why = POURQUOI
grow-role-controller = contrôleur, comptabilité
grow-role-compute = jobs

grow-step-reach = joignable, avec tous les droits
grow-step-clock = horloge
grow-step-members = numéros des membres
grow-step-home = répertoire personnel partagé
grow-step-hosts = noms dans /etc/hosts
grow-step-identity = utilisateur { $detail } du système
grow-step-packages = paquets
grow-step-folders = répertoires de Slurm
grow-step-file = { $detail }
grow-step-munge = munge avec la clé de la grappe
grow-step-agree = croit ce que le contrôleur signe
grow-step-database = MariaDB avec la base de la comptabilité
grow-step-slurmdbd = comptabilité (slurmdbd)
grow-step-accounting = comptes, QOS et projets
grow-step-slurmctld = contrôleur (slurmctld)
grow-step-slurmd = prend des jobs (slurmd)
grow-step-program = le programme (algoric)
grow-step-node = rend compte au centre
grow-step-job = un job sur toutes les machines

grow-why-not-root = ssh y est { $value }, qui n’est pas root ; `login` dans park.toml dit qui il doit être
grow-why-no-apt = il n’y a pas d’apt-get : seules Debian et ses proches peuvent être installées
grow-why-no-service = il n’y a pas de `service` (paquet init-system-helpers)
grow-why-clock-off = son horloge est décalée de { $value } s, et munge refuse plus de 5 minutes : qu’elle suive un serveur de temps
grow-why-member-differs = { $a } a le numéro { $b } ici et { $c } sur le contrôleur : ses jobs tourneraient au nom d’un autre
grow-why-member-missing = { $a } ({ $b } sur le contrôleur) est inconnu ici : ses jobs ne pourraient pas tourner
grow-why-home-not-shared = { $value } n’est pas celui du contrôleur : montez-le de là (NFS), puis relancez
grow-why-hosts-differ = les noms de la grappe ne sont pas dans /etc/hosts comme prévu
grow-why-identity = { $a } a les numéros { $b }, prévus : { $c }
grow-why-packages-missing = il manque : { $value }
grow-why-folder-differs = { $value } manque, ou a un autre propriétaire ou d’autres droits
grow-why-program-differs = c’en est un autre là-bas : { $value }
grow-why-program-broken = ce qui a été apporté n’est pas entier : { $value }
grow-why-node-remembered = le centre prend encore ce que { $value } dit ; démarrez le centre, puis relancez
grow-why-node-stranger = le centre n'a pas admis { $value }
grow-why-file-missing = { $value } manque
grow-why-file-differs = { $value } a un autre contenu
grow-why-file-open = { $value } a un autre propriétaire ou d’autres droits
grow-why-service-down = { $value } ne tourne pas
grow-why-service-stale = { $value } a démarré avec d’autres fichiers
grow-why-service-fails = { $value } ne reste pas en marche ; sur la machine, son journal dit pourquoi (/var/log/slurm, journalctl -u { $value })
grow-why-munge-silent = munge ne se répond pas à lui-même
grow-why-munge-disagrees = elle refuse ce que le contrôleur signe : { $value }
grow-why-database-closed = l’utilisateur de slurmdbd ne peut pas ouvrir la base { $value }
grow-why-accounting-silent = slurmdbd ne répond pas
grow-why-tree-incomplete = la grappe, une QOS, un projet ou un membre manque dans les comptes de Slurm
grow-why-controller-silent = slurmctld ne répond pas
grow-why-node-state = Slurm la voit ainsi : { $value }
grow-why-job-fails = { $value }
grow-why-complaint = { $value }
grow-why-nothing = échec, sans un mot

grow-drift-name = le nom qu’elle se donne
grow-drift-processors = processeurs
grow-drift-memory = mémoire (Mio)
grow-drift-gpus = GPU
grow-drift-cgroup = groupes de contrôle
grow-drift-slurm = version de Slurm

grow-note-slurm-untried = Slurm { $value } sur { $machines } : personne n’a essayé ce plan avec lui.
grow-note-slurm-versions = Les versions de Slurm diffèrent ({ $value }) : Slurm veut que celle du contrôleur soit la plus récente, et qu’aucune n’ait plus de deux versions de retard.
grow-note-slurm-none = { $machines } n’a pas Slurm et n’en connaît aucun à installer : regardez ses dépôts de paquets.
grow-note-os-untried = { $machines } n’est pas une Debian 12 : personne n’y a essayé ce plan.
grow-note-gpu-without-driver = Un GPU de { $machines } n’a pas de pilote : les jobs ne peuvent pas l’avoir. Installez le pilote, puis refaites scan et plan.
grow-note-cgroups-differ = { $machines } a d’anciens groupes de contrôle (v1), les autres l’arbre unifié : les deux marchent.
grow-note-cannot-be-woken = { $machines } n’a dit ni contrôleur d’alimentation (BMC) ni carte réseau pour la réveiller : `{ $value } power on` doit connaître un autre moyen, ou elle doit être dans `stay_on`.

grow-paper-title = La grappe { $cluster } : un plan pour { $count } machines
grow-paper-how = Ce répertoire est tout ce qui sera fait, et rien n’en a été fait. Lisez-le ; changez park.toml et refaites le plan là où vous
    le voulez autrement. Ensuite `algoric grow apply` le fait étape par étape : chaque étape est d’abord vérifiée, faite seulement
    s’il le faut, et vérifiée de nouveau. On peut l’interrompre et le relancer à tout moment. `algoric grow check` dit plus tard
    ce qui a dérivé, `algoric grow undo` défait ce qui a été fait, le dernier d’abord.
grow-paper-machines = Machines
grow-paper-notes = À savoir avant
grow-paper-steps = Étapes
grow-paper-files = Fichiers
grow-paper-versions = Versions
grow-paper-does = — sur { $machines } ; vérifier, faire, défaire : `steps/{ $script }.sh`
grow-paper-looks = — sur { $machines } ; regarde seulement : `steps/{ $script }.sh`
grow-paper-secret = secret, droits 0600
grow-paper-tried = Des grappes ont été montées avec le Slurm { $tried } de Debian 12. Les plus récents ont toutes les clés écrites ici, mais personne n’a essayé ; avant 22.05, c’est refusé.

grow-usage-no-slurm = aucun Slurm ne fait encore tourner les jobs ici
grow-usage-no-slurm-advice = Il apprendra l’usage passé quand [cluster] engine = "slurm" sera dans config.toml et que les projets y seront : algoric cluster reconcile
grow-usage-not-root = seul root peut dire à Slurm ce que d’autres ont utilisé
grow-usage-not-root-advice = Lancez-le avec sudo, sur le contrôleur.
grow-usage-row = { $project }  { $user } : { $wanted } heures-cœur, dont Slurm connaît { $told }
grow-usage-dry = Rien n’a été dit. { $count ->
    [0] Slurm connaît tout.
    [one] L’usage d’un membre le serait.
   *[other] L’usage de { $count } membres le serait.
}
grow-usage-done = { $count ->
    [0] Le partage équitable de Slurm connaît l’usage passé.
    [one] Slurm ne connaît pas assez l’usage d’un membre : relancez la commande.
   *[other] Slurm ne connaît pas assez l’usage de { $count } membres : relancez la commande.
}
