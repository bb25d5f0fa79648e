# Ce que tout le monde peut voir : l’accueil, le mode visite, la machine.

public-title = Un centre de calcul partagé
front-lead = Un centre de calcul partagé, fait de machines recyclées : on y confie un gros calcul, il tourne ici, et chacun voit ce qu’il a consommé. Voici ce qui s’y passe en ce moment.
front-join = Nous rejoindre
front-join-default = Le centre est ouvert à ses membres : associations, écoles, petites entreprises, curieux. Venez nous voir, ou demandez une invitation à une personne du centre.
front-join-1 = Demandez une invitation : un lien ou un code sur papier.
front-join-2 = Choisissez un mot de passe ; une personne du centre relie votre compte à la machine.
front-join-3 = Lancez un premier calcul depuis votre navigateur, en deux minutes.
front-visit = Mode visite
front-watts = Puissance en ce moment
front-watts-note = à { $price } le kilowattheure
front-watts-none = aucun compteur ne la mesure
front-today = Énergie aujourd’hui
front-today-more = le détail
front-use = Cœurs au travail
front-jobs = Travaux en cours
front-jobs-note = { $waiting ->
    [0] aucun n’attend
    [one] 1 attend
   *[other] { $waiting } attendent
  }, { $ended ->
    [0] aucun terminé aujourd’hui
    [one] 1 terminé aujourd’hui
   *[other] { $ended } terminés aujourd’hui
  }
front-wait = Attente
front-wait-note = la moitié des derniers travaux a attendu moins
front-price = Une heure de cœur
front-price-none = gratuite
front-price-range = de { $least } à { $most }
front-price-note = ce que paie un membre ; l’énergie est comptée à part
front-drained = La machine ne commence aucun travail en ce moment : elle est en entretien.
front-machine-title = La machine { $machine }
front-machine = machine
front-memory = { $used } de mémoire réservés sur { $all }.
front-gpus = { $used } GPU sur { $all }.
front-idle = Rien ne tourne en ce moment
front-idle-help = Tous les cœurs sont libres : un travail déposé maintenant commence tout de suite.
front-job = Un travail
front-job-of = Projet { $project }
front-job-how = { $cores ->
    [one] 1 cœur
   *[other] { $cores } cœurs
  } depuis { $since }
front-job-suspended = { $cores ->
    [one] 1 cœur
   *[other] { $cores } cœurs
  }, suspendu, depuis { $since }
front-power = Puissance des dernières 24 heures
machine-socket = Processeur { $number }
machine-socket-told = { $busy } cœurs sur { $cores } calculent.
front-park-title = Les machines du cluster { $cluster }
front-park-drained = Aucune machine ne commence de travail en ce moment : elles sont en entretien.
park-told = { $count ->
    [one] 1 machine : { $states }
   *[other] { $count } machines : { $states }
  }
park-busy = { $count ->
    [one] 1 calcule
   *[other] { $count } calculent
  }
park-free = { $count ->
    [one] 1 libre
   *[other] { $count } libres
  }
park-drained = { $count } en entretien
park-off = { $count ->
    [one] 1 éteinte
   *[other] { $count } éteintes
  }
park-switching = { $count ->
    [one] 1 qu’on allume ou éteint
   *[other] { $count } qu’on allume ou éteint
  }
park-down = { $count ->
    [one] 1 ne répond pas
   *[other] { $count } ne répondent pas
  }

screen-title = Mode visite
screen-now = En ce moment
screen-now-jobs = { $count ->
    [0] calcul : la machine se repose
    [one] calcul tourne ici
   *[other] calculs tournent ici
  }
screen-now-power = La machine consomme { $power }.
screen-now-waiting = { $count ->
    [one] Un autre attend son tour.
   *[other] { $count } autres attendent leur tour.
  }
screen-now-free = Personne n’attend : il y a de la place.
screen-machine = { $busy } cœurs sur { $all } calculent
screen-machine-help = Chaque carré est un cœur : un petit calculateur. Les carrés de même lettre travaillent ensemble au même problème.
screen-energy = L’énergie d’aujourd’hui
screen-energy-water = { $litres } litres d’eau portés à ébullition
screen-energy-car = { $km } km en voiture électrique
screen-energy-lamp = une lampe de 8 W allumée { $time }
screen-energy-source = Eau : de 15 à 100 °C, chaleur massique 4,18 kJ/(kg·K), bouilloire à 90 %. Voiture : 18 kWh aux 100 km, ordre de grandeur des essais d’homologation (WLTP).
screen-job = En ce moment, on calcule…
screen-what = Un centre de calcul, c’est quoi ?
screen-what-1 = Beaucoup de petits calculateurs qui travaillent ensemble sur un même problème.
screen-what-2 = Ils prévoient la montée d’une rivière, vérifient qu’un pont est solide ou fabriquent les images d’un film. Une personne seule y passerait des siècles.
screen-join = Et vous ?
screen-join-help = Parlez-en à une personne du centre.
screen-nav = Scènes
screen-place = Scène { $at } sur { $all }
screen-before = Précédente
screen-next = Suivante
screen-stay = Rester ici
screen-leave = Quitter
screen-park-help = Chaque case est une machine : plus sa barre est longue, plus elle calcule.
