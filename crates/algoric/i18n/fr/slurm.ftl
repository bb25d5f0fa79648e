# Le Slurm qui exécute les jobs.

slurm-by-hand = À la main : { $what }.
slurm-agrees = Les associations de Slurm sont ce qu'elles doivent être.
slurm-would = { $count ->
    [one] Un changement ; rien n'a été fait.
   *[other] { $count } changements ; rien n'a été fait.
}
slurm-done = { $count ->
    [one] Un changement a été fait.
   *[other] { $count } changements ont été faits.
}
adopt-found = Cluster { $name } : Slurm { $version }, { $nodes } machines avec { $cpus } CPU, partitions { $partitions }.
adopt-untested = Seul Slurm 22.05.8 a été essayé. { $version } est lu par les mêmes noms de champs ; ce qui manque est dit.
adopt-no-accounting = Il n'a pas de comptabilité (slurmdbd) : rien de ce qui est fini ne peut être lu, on ne peut pas l'adopter.
adopt-no-accounting-advice = Slurm garde ce qui est fini quand AccountingStorageType vaut accounting_storage/slurmdbd.
adopt-people = Projets { $projects }, membres { $members }, lus de ses associations.
adopt-history = Jobs finis dans les 30 derniers jours : { $jobs }. Le centre les lit tous à son démarrage.
adopt-hand = Ce qu'il a en propre lui reste : { $what }.
adopt-dry = Rien n'a été écrit. Sans --dry-run, ceci est mis dans { $file }, et rien n'est changé sur le cluster.
adopt-done = Écrit : { $file }. Rien n'a été changé sur le cluster. `algoric up` démarre le centre.
adopt-running = un centre sert { $data }
adopt-running-advice = Arrêtez-le d'abord : algoric stop
adopt-has-cluster = { $file } a déjà une section [cluster]
adopt-has-cluster-advice = Enlevez-la pour en adopter un autre.
slurm-machines = { $name } : Slurm { $version }, { $up } machines sur { $of } en marche
slurm-queue = File : { $running } en cours, { $waiting } en attente ; { $age }
slurm-accounting = Comptabilité : { $age }
slurm-seen = lue il y a { $seconds } s
slurm-unseen = jamais lue
slurm-moving = { $count ->
    [one] Un travail qui attendait avant l'arrivée de Slurm attend d'y être soumis.
   *[other] { $count } travaux qui attendaient avant l'arrivée de Slurm attendent d'y être soumis.
}
slurm-queue-fault = La file ne peut être lue : { $why }
slurm-usage-fault = La comptabilité ne peut être lue : { $why }
