# Les machines, une à une.

nav-machines = Machines
machines-how = Ce qui tourne n’est dit que des projets qui l’ont accepté. Les watts viennent de compteurs, la santé de sondes que chaque machine fait tourner elle-même.
machines-energy = Où va l’énergie
machines-none = Aucune machine n’est encore connue
machines-none-help = Slurm n’a pas encore dit ses machines : on les lui demande toutes les demi-minutes.
machines-next = D’autres machines
machine-busy = calcule
machine-free = libre
machine-drained = en entretien : ne prend rien de nouveau
machine-off = éteinte
machine-switching = on l’allume ou l’éteint
machine-down = ne répond pas
machine-reports = se mesure seulement, sans travaux
machine-health-unknown = santé non vérifiée
machine-health-good = en bonne santé
machine-health-bad = un défaut trouvé
machine-health-silent = muette
machine-cores = { $busy } { $busy ->
    [0] cœur
    [one] cœur
   *[other] cœurs
  } sur { $cores }
machine-memory-used = { $used } de mémoire sur { $all }
machine-memory = { $all } de mémoire
machine-no-power = aucun compteur
machine-others = { $count ->
    [one] et 1 autre
   *[other] et { $count } autres
  }
machine-reason = Hors service :
machine-cluster = Cluster
machine-use = Réservé
machine-energy = son énergie
machine-slurm = Les mots de Slurm
machine-seen = Dernier rapport
machine-never-seen = jamais
machine-model = Machine
machine-counts = { $cores ->
    [one] 1 cœur
   *[other] { $cores } cœurs
  }, { $threads ->
    [one] 1 fil
   *[other] { $threads } fils
  }, { $memory }
machine-meter = Compteur
machine-idle = Au repos : { $power }.
machine-clock = Son horloge
machine-ahead = { $span } d’avance
machine-behind = { $span } de retard
machine-readings = Relevés
machine-readings-told = { $waiting } à répartir encore, { $lost } perdus
machine-agent = Agent
machine-jobs = Ce qui y tourne
machine-idle-now = Rien n’y tourne en ce moment
machine-probes = Sondes
machine-probe = Sonde
machine-found = Résultat
machine-said = Dans ses mots
machine-probe-good = bon
machine-probe-bad = défaut
machine-probe-unknown = non dit
machine-no-probes = Aucune sonde n’a encore répondu
machine-no-probes-help = La machine envoie ce que trouvent ses sondes avec son prochain rapport.
machine-no-report = Cette machine n’envoie pas de rapport
machine-no-report-help = « algoric node invite » la fait entrer ; son agent dit alors comment elle va, et ce qu’elle consomme.
park-reports = { $count ->
    [one] 1 se mesure seulement
   *[other] { $count } se mesurent seulement
  }
front-machines-more = Les machines une à une, et comment elles vont
