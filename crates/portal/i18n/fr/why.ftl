# `algoric why` : une phrase par raison, puis ce qui passe avant, ce qui manque, et quand le job devrait démarrer.

state-pending = Le job { $job } attend.
state-running = Le job { $job } n’attend pas : il tourne.
state-suspended = Le job { $job } est suspendu : ses processus sont arrêtés jusqu’à sa reprise.
state-completing = Le job { $job } est en train de finir.
state-completed = Le job { $job } s’est bien terminé. `sacct -j { $job }` montre ce qu’il a utilisé.
state-cancelled = Le job { $job } a été annulé. `algoric history { $job }` montre par qui.
state-failed = Le job { $job } a échoué. `sacct -j { $job } -o JobID,State,ExitCode` montre son code de sortie ; la fin de son fichier de sortie en dit souvent plus.
state-timeout = Le job { $job } a atteint sa limite de temps. Demandez-en plus avec --time.
state-node-fail = Le job { $job } s’est arrêté parce que la machine, ou ce qui veillait sur lui, est tombé en panne. On peut le soumettre de nouveau.
state-preempted = Le job { $job } a été arrêté pour laisser la place à un travail plus important.
state-deadline = Le job { $job } n’aurait pas pu finir avant son échéance.
state-out-of-memory = Le job { $job } a pris plus de mémoire qu’il n’en avait demandé. Demandez-en plus avec --mem.
state-requeued = Le job { $job } est de nouveau dans la file.

why-none = Le job { $job } n’a pas encore été examiné ; il va l’être tout de suite.
why-priority = Le job { $job } attend son tour.
why-resources = Le job { $job } est le prochain à démarrer, dès que la machine aura assez de place.
why-dependency = Le job { $job } attend d’autres jobs :
why-dependency-never-satisfied = Le job { $job } ne pourra jamais démarrer, car ce qu’il attend ne peut plus arriver. Annulez-le, ou changez sa dépendance (scontrol update JobId={ $job } Dependency=).
why-begin-time = Le job { $job } ne doit pas démarrer avant { $time }.
why-cheap-hours = Le job { $job } ne craint pas d’attendre : il attend une électricité moins chère.
why-at-once = `scontrol update JobId={ $job } Comment=inflexible` le laisse démarrer dès qu’il y a de la place.
why-job-held-user = Le job { $job } est retenu par son propriétaire. `scontrol release { $job }` le libère.
why-job-held-admin = Le job { $job } est retenu par un opérateur, qui seul peut le libérer.
why-job-array-task-limit = Le tableau du job { $job } fait tourner autant de tâches à la fois qu’il se le permet ({ $value }). `scontrol update JobId={ $job } ArrayTaskThrottle=N` change cela.
why-partition-config = Le job { $job } demande plus que sa partition n’a ({ $cpus } processeurs demandés, { $total } présents). Il ne démarrera pas tel quel : annulez-le et soumettez-le avec moins.
why-partition-time-limit = Le job { $job } demande plus de temps que sa partition ne le permet ({ $value }). `scontrol update JobId={ $job } TimeLimit=...` en demande moins.
why-partition-down = La partition du job { $job } est fermée. Un opérateur peut la rouvrir.
why-partition-inactive = La partition du job { $job } ne démarre rien pour le moment. Un opérateur peut la rouvrir.
why-node-down = Le job { $job } attend parce que la machine est hors service : { $why }
why-reservation = Le job { $job } attend sa réservation { $value }, qui n’a pas commencé ou que d’autres jobs occupent.
why-qos-grp-cpu-limit = La QOS du job { $job } ne permet pas plus de processeurs à l’ensemble de ses jobs ({ $value }).
why-qos-max-cpu-per-user = La QOS du job { $job } ne permet pas plus de processeurs à la fois à une personne ({ $value }).
why-qos-max-jobs-per-user = La QOS du job { $job } ne permet pas plus de jobs à la fois à une personne ({ $value }).
why-assoc-grp-cpu-limit = Le projet du job { $job } ne peut pas avoir plus de processeurs à la fois ({ $value }).
why-assoc-grp-billing-limit = Le budget du projet ne couvre pas le job { $job }.
why-non-zero-exit-code = Le job { $job } s’est terminé avec un code de sortie autre que 0.
why-job-launch-failure = Le job { $job } n’a pas pu être démarré, ou a été tué. Son fichier de sortie en dit plus.
why-time-limit = Le job { $job } a atteint sa limite de temps.
why-out-of-memory = Le job { $job } a pris plus de mémoire qu’il n’en avait demandé.
why-node-failure = Le job { $job } s’est arrêté parce que la machine est tombée en panne.
why-dead-line = Le job { $job } ne pouvait pas finir avant son échéance.
why-requeued-held = Le job { $job } a été remis dans la file et y est retenu. `scontrol release { $job }` le libère.
why-prolog = Le script de préparation de l’opérateur a échoué pour le job { $job }.

cause-held = Son propriétaire le retient.
cause-held-by-operator = Un opérateur le retient, qui seul peut le libérer.
cause-held-after-requeue = Il a été remis dans la file et y est retenu.
cause-dependency = Il attend d’autres jobs.
cause-begin = Il ne doit pas démarrer avant { $time }.
cause-cheap-hours = À partir de { $time } son électricité coûte { $percent } % de moins, s’il tourne { $span }.
cause-cheap-hours-euros = À partir de { $time } son électricité coûte { $percent } % de moins : { $saving } s’il tourne { $span }.
cause-array-limit = Son tableau fait tourner { $running } tâches à la fois et s’en permet { $limit }.
cause-partition-down = Sa partition { $name } est fermée ou n’existe plus.
cause-too-big = Il demande plus que sa partition n’a ({ $cpus } processeurs demandés, { $of } présents).
cause-too-long = Il demande plus de temps qu’il ne peut en avoir ({ $limit }).
cause-drained = { $by } a mis la machine hors service à { $since } : { $why }.
cause-reservation = Sa réservation { $name } va de { $start } à { $end } : elle n’est pas ouverte en ce moment, ou trop courte ou trop petite pour ce job.
cause-reservation-unknown = Sa réservation { $name } n’existe plus.
cause-qos-limit = Une limite de sa QOS { $qos } est atteinte ({ $limit }).
cause-partition-full = Sa partition { $name } peut utiliser { $cores } cœurs à la fois, et ses jobs en ont trop.
cause-kept = Une partie de la machine est gardée pour la réservation { $name } de { $start } à { $end }.
cause-booting = Des machines démarrent : { $nodes }, prêtes à { $time }.
cause-node-failed = { $node } ne démarre pas : { $why }.
cause-priority = D’autres jobs passent d’abord.
cause-resources = Il n’y a pas de place pour lui en ce moment.

dependency-after = le job { $job } doit avoir démarré
dependency-afterany = le job { $job } doit être terminé, bien ou mal
dependency-afterok = le job { $job } doit bien se terminer (code de sortie 0)
dependency-afternotok = le job { $job } doit échouer
dependency-aftercorr = la tâche de même numéro du job { $job } doit bien se terminer
dependency-singleton = il ne doit plus rester de job antérieur du même nom et de la même personne
dependency-failed = { $what } : cela ne peut plus arriver

why-ahead =
    { $count ->
        [one] Un job passe avant lui.
       *[other] { $count } jobs passent avant lui.
    }
why-ahead-named =
    { $count ->
        [one] Un job passe avant lui : { $jobs }.
       *[other] { $count } jobs passent avant lui : { $jobs }.
    }
why-cpus =
    Il lui faut { $needs ->
        [one] un processeur
       *[other] { $needs } processeurs
    }, { $free } { $free ->
        [one] est libre
       *[other] sont libres
    } en ce moment.
why-memory = Il lui faut { $needs } de mémoire, { $free } sont libres en ce moment.
why-gpus =
    Il lui faut { $needs ->
        [one] un GPU
       *[other] { $needs } GPU
    }, { $free } { $free ->
        [one] est libre
       *[other] sont libres
    } en ce moment.
why-behind =
    { $count ->
        [one] Un job tourne ; ce qu’il occupe se libère quand il finit.
       *[other] { $count } jobs tournent ; ce qu’ils occupent se libère quand ils finissent.
    }
why-behind-named =
    { $count ->
        [one] Un job tourne ; ce qu’il occupe se libère quand il finit. C’est le { $jobs }.
       *[other] { $count } jobs tournent ; ce qu’ils occupent se libère quand ils finissent. Vous pouvez voir { $jobs }.
    }
why-start-now = Il devrait démarrer d’un instant à l’autre.
why-start = Il devrait démarrer au plus tard à { $time } (dans { $span }), si les jobs qui passent avant lui prennent tout le temps demandé.
why-start-unknown = On ne peut pas dire quand il démarrera : des jobs qui passent avant lui n’ont pas de limite de temps.
