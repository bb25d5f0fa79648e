# Projets.

projects-none = Vous n’êtes dans aucun projet.
projects-none-help = Un travail se compte toujours sur un projet. Demandez à la personne qui en répond de vous inviter, ou à un opérateur d’en créer un.
projects-none-operator = Un projet est ce à quoi l’on compte les travaux, et qui paie. Sur la machine, créez-en un, mettez-y ses membres, donnez-lui un budget :
projects-members = { $count ->
    [one] 1 membre
   *[other] { $count } membres
}
project-you-manager = vous en répondez
project-you-member = vous y calculez
project-you-viewer = vous le regardez
project-closed = fermé
project-closed-help = Ce projet est fermé : il ne prend plus de travaux, son passé reste.
project-way = Chemin
project-parts = Parties du projet
project-overview = Vue d’ensemble
project-members = Membres
project-invoices = Factures
project-report = Rapport annuel
project-now = Travaux en cours
project-pending = { $count ->
    [0] aucun en attente
   *[other] { $count } en attente
}
project-hours = Heures-cœur
project-core-hours = { $hours } h-cœur
project-jobs = Travaux
project-runs = { $count ->
    [one] 1 travail terminé
   *[other] { $count } travaux terminés
}
project-carbon-of = { $production } (production) ou { $lifecycle } (consommation, cycle de vie)
project-paid = À payer, hors taxes
project-payer = Payé par { $name }
project-budget = Budget
project-budgets = Budgets
project-no-budget = Aucun budget n’est fixé.
project-no-budget-help = Un trésorier ou un opérateur en fixe un avec « algoric project budget » ; d’ici là rien n’est refusé pour cette raison.
project-unit-euros = Euros
project-unit-core_hours = Heures-cœur
project-unit-kwh = Énergie
project-per-once = une fois pour toutes
project-per-month = chaque mois
project-per-year = chaque année
project-taken = { $taken } sur { $limit }, réservations comprises
project-spent = Dépensé
project-reserved = Réservé par les devis
project-left = Reste
project-limit = Limite
project-full-stop = Au-delà, les soumissions sont refusées.
project-full-warn = Au-delà, les membres sont prévenus et continuent.
project-over-time-euros = Dépense cumulée
project-over-time-core_hours = Heures-cœur cumulées
project-over-time-kwh = Énergie cumulée
project-quotes = Devis en cours : le plus que coûteront les travaux acceptés
project-unbilled = Utilisé, pas encore facturé
project-credit = Crédit restant
project-in-kind = Heures d’intérêt public restantes
project-prepaid = Heures prépayées restantes
project-use = Usage
project-unused = Rien ne s’est terminé dans cette période.
project-unused-help = Un travail compte le jour où il se termine. Regardez une autre période, ou lancez-en un.
project-new-job = Nouveau travail
project-hours-by-time = Heures-cœur au fil du temps
project-by-month = Par mois
project-by-member = Par membre
project-by-member-who = Membre
project-others = Les autres membres
project-by-application = Par application
project-by-application-who = Application
project-other-applications = Autres applications
project-wait = Attente moyenne
project-cost = Prix HT
project-use-note = Une application est le nom du travail sans ses chiffres. L’énergie d’un travail en cours n’est pas encore comptée.
project-thank = Remercier le centre
project-thank-help = Une phrase pour vos articles, rapports et affiches. Elle aide le centre à montrer à quoi il sert.
project-thanks = Les calculs du projet { $project } ont été faits au centre de calcul { $centre }, sur des machines recyclées et entretenues par ses bénévoles, avec le logiciel Algoric.
project-copy = Copier
project-copied = Copié
project-settings = Réglages
project-words = Ce que fait ce projet
project-words-hint = En une phrase, pour les membres et, avec votre accord, pour les visiteurs.
project-public = Les visiteurs peuvent le savoir
project-public-hint = La page publique montre alors le nom et la phrase de ce projet quand il calcule. Sans cela, elle ne dit que « un travail ».
project-save = Enregistrer
project-name = Nom
project-account = Compte
project-role = Rôle
project-you = vous
project-promised = pas encore de compte
project-nobody = Personne n’est dans ce projet.
project-nobody-help = Invitez quelqu’un ci-dessous.
project-role-manager = Responsable
project-role-manager-help = Répond du projet : membres, factures, réglages.
project-role-member = Membre
project-role-member-help = Lance des travaux et voit leur prix.
project-role-viewer = Lecture
project-role-viewer-help = Regarde, ne lance rien.
project-role-none = Retirer du projet
project-invite = Inviter
project-invite-email = Adresse électronique (facultative)
project-invite-hint = Sans adresse, vous recevez un code à imprimer ou à dicter.
project-invite-send = Inviter
project-invitation = Invitation
project-invitation-sent = Elle est partie à { $address }. Voici la même, si elle n’arrive pas.
project-invitation-print = Donnez cette adresse, ou imprimez cette page.
project-invitation-address = Adresse
project-invitation-code = Code
project-invitation-until = Valable jusqu’au
project-invitation-once = Elle ne sert qu’une fois, et n’est plus montrée ensuite.
project-next-invoice = La prochaine facture contiendra au moins { $amount } hors taxes.
project-no-invoices = Aucune facture n’a été émise.
project-no-invoices-help = Le trésorier facture après la fin de chaque mois.
project-no-customer-help = Personne ne paie pour ce projet : ses travaux sont gratuits.
project-number = Numéro
project-month = Mois
project-issued = Émise le
project-total = Total
project-state = État
project-papers = Documents
project-credit-of = avoir sur { $number }
project-credit-note = Avoir
project-settled = Payée
project-due = { $amount } à payer avant le { $day }
project-papers-note = Le PDF contient ses données pour la comptabilité (Factur-X) ; le XML est ces données seules.
project-report-of = Rapport { $year } du projet, centre de calcul { $centre }
project-completed = Terminés sans erreur
project-active = Membres actifs
project-carbon-production = CO₂e, moyenne de production
project-carbon-lifecycle = CO₂e, consommation et cycle de vie
project-electricity = Électricité, au prix de ses heures
project-carbon-note = Les deux chiffres de carbone disent deux choses et ne s’additionnent pas : ce qu’émettent les centrales, et l’électricité consommée avec tout son cycle de vie.
project-held = Devis en cours, travail par travail
project-held-help = Ce que chaque travail accepté peut coûter au plus est mis de côté jusqu’à sa fin ; ensuite le projet paie ce qu’il a vraiment utilisé.
project-held-job = Travail
project-held-who = À qui
project-held-state = État
project-held-until = Mis de côté jusqu’à
project-held-most = Au plus
project-held-running = { $count ->
    [one] tourne
   *[other] { $count } tournent
  }
project-held-pending = { $count ->
    [one] attend
   *[other] { $count } attendent
  }
project-held-after = sa fin, au plus { $limit } après son début
project-held-end = sa fin
project-held-others = { $count ->
    [one] Un autre travail
   *[other] { $count } autres travaux
  }
