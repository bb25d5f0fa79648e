# `algoric doctor` : ce qui est trouvé, et que faire.

doctor-good = bon
doctor-weak = faible
doctor-bad = GRAVE
doctor-arrow = →
doctor-all-good = Cette machine convient à un centre, avec toutes les garanties.
doctor-some-weak = Un centre travaille ici, avec moins qu’il ne pourrait donner.
doctor-some-bad = Un centre ne peut pas travailler ici, ou pas sûrement, tant que ce qui est GRAVE n’est pas réglé.

doctor-found-cgroups-v2 = cgroup v2 : { $has }
doctor-found-cgroups-v1 = cgroup v1 : { $has }
doctor-found-cgroups-part = des cgroups, mais sans { $lacks } ({ $notes })
doctor-advice-cgroups-part = démarrez avec `cgroup_enable=memory swapaccount=1` (version 1), ou déléguez les contrôleurs manquants (version 2)
doctor-found-cgroups-none = pas de cgroups : les cœurs sont liés par affinité, la mémoire est mesurée toutes les demi-secondes ({ $notes })
doctor-advice-cgroups-none = démarrez le centre comme root ; ou, comme simple utilisateur, avec `systemd-run --user --scope -p Delegate=yes`
doctor-found-kernel = Linux { $release }
doctor-found-kernel-old = Linux { $release }
doctor-advice-kernel-old = utilisez un noyau 5.7 ou plus récent : les jobs naissent dans leur cgroup, et les signaux passent par pidfd
doctor-found-clock = l’horloge est tenue par un serveur de temps
doctor-found-clock-free = personne ne tient l’horloge
doctor-advice-clock-free = installez chrony ou systemd-timesyncd : les comptes sont datés par cette horloge
doctor-found-disk = { $free } Gio libres dans { $path }, écriture forcée en { $ms } ms
doctor-found-disk-slow = { $free } Gio libres dans { $path }, mais forcer un fichier sur le disque prend { $ms } ms
doctor-advice-disk-slow = mettez les données sur un disque à elles, ou sur un disque au cache protégé par batterie : chaque soumission l’attend
doctor-found-disk-full = il ne reste que { $free } Gio dans { $path }
doctor-advice-disk-full = faites de la place : sous 1 Gio, rien ne peut être accepté bien longtemps
doctor-found-disk-lost = { $path } est en mémoire : rien ne survit à un redémarrage
doctor-advice-disk-lost = mettez les données sur un disque
doctor-found-disk-remote = { $path } est sur un système de fichiers réseau
doctor-advice-disk-remote = mettez les données sur un disque de cette machine : verrous et écritures forcées ne sont pas sûrs à travers le réseau
doctor-found-disk-error = impossible d’écrire dans { $path } : { $error }
doctor-advice-disk-error = donnez au centre un répertoire à lui, où il peut écrire
doctor-found-data = les membres peuvent atteindre leurs scripts sous { $path }
doctor-found-data-closed = { $closed } est fermé aux membres : les scripts de leurs jobs sous { $path } ne peuvent pas être exécutés
doctor-advice-data-closed = `chmod o+x { $closed }`, ou choisissez un autre répertoire de données
doctor-found-data-open = { $open } peut être modifié par tout le monde
doctor-advice-data-open = `chmod o-w { $open }`, ou choisissez un autre répertoire de données
doctor-found-noexec = { $path } est monté `noexec` : les scripts qui s’y trouvent ne peuvent pas être exécutés
doctor-advice-noexec = montez-le sans `noexec`, ou choisissez un autre répertoire de données
doctor-found-processors = { $sockets } sockets, { $cores } cœurs, { $cpus } fils matériels
doctor-found-processors-part = { $cpus } fils matériels sur { $online } peuvent être utilisés
doctor-advice-processors-part = démarrez le centre sans affinité ni cpuset, s’il doit avoir toute la machine
doctor-found-processors-unknown = les processeurs ne peuvent pas être lus : { $error }
doctor-advice-processors-unknown = montez /sys
doctor-found-gpus = { $count } GPU : { $kinds }
doctor-found-gpus-none = aucun GPU
doctor-found-counters = les { $count } compteurs d’énergie des processeurs sont lisibles par qui sert
doctor-found-counters-none = les processeurs n’ont pas de compteurs d’énergie
doctor-found-counters-closed = les processeurs comptent leur énergie, mais { $path } est fermé à qui sert
doctor-advice-counters-closed = pour mesurer avec `kind = "rapl"` : installez la règle udev du paquet, qui les ouvre au groupe algoric et à personne d’autre (qui les lit peut deviner ce que d’autres calculent) ; ou lancez le centre avec `algoric up` en tant que root
doctor-found-name = { $name } est { $address }
doctor-found-name-unknown = { $name }, le nom de cette machine, est introuvable
doctor-advice-name-unknown = ajoutez `127.0.1.1 { $name }` à /etc/hosts : des programmes (MPI surtout) le demandent
doctor-found-user = la partie tournée vers le réseau tourne comme `algoric`
doctor-found-user-nobody = il n’y a pas d’utilisateur `algoric` : la partie tournée vers le réseau tourne comme `nobody`, avec un groupe à elle
doctor-advice-user-nobody = `adduser --system --group algoric` : d’autres programmes tournent aussi comme `nobody` ; ils ne peuvent pas lire ses données, mais pourraient l’arrêter
doctor-found-user-single = n’exécute que les jobs de l’uid { $uid }
doctor-found-privacy = les membres ne voient pas les processus des autres (/proc est monté avec hidepid={ $option })
doctor-found-privacy-none = les membres voient les processus des autres, avec les mots de leurs lignes de commande
doctor-advice-privacy-none = montez /proc avec `hidepid=invisible` (dans /etc/fstab), ou dites aux membres qu’une ligne de commande n’est pas un endroit pour un secret
doctor-found-processes = { $max } processus au plus
doctor-found-processes-few = { $max } processus au plus, pour { $cpus } fils matériels
doctor-advice-processes-few = `sysctl kernel.pid_max=4194304`
doctor-found-files = { $max } fichiers ouverts au plus
doctor-found-files-few = { $max } fichiers ouverts au plus
doctor-advice-files-few = portez `LimitNOFILE=` de l’unité, ou `ulimit -Hn`, à 65536
doctor-found-swap-none = pas de swap
doctor-found-swap-held = le swap est interdit aux jobs
doctor-found-swap-free = il y a du swap, et les jobs qui dépassent leur mémoire y vont au lieu de finir
doctor-advice-swap-free = démarrez avec `swapaccount=1`, ou désactivez le swap
doctor-found-slurm-shows = Slurm montre les travaux de tous à { $user }
doctor-found-slurm-hides = Slurm ne montre pas les travaux de tous : { $why }
doctor-advice-slurm-hides = { $mend }
doctor-found-slurm-silent = Slurm ne répond pas : { $why }
doctor-advice-slurm-silent = démarrez-le ; voyez son journal dans /var/log/slurm
