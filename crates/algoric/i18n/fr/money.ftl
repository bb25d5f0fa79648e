# Les mots de qui s'occupe de l'argent.

money-column-accepted = ACCEPTÉ PAR
money-column-account = COMPTE
money-column-amount = MONTANT
money-column-balance = SOLDE
money-column-budgets = BUDGETS
money-column-by = PRÉPARÉ PAR
money-column-category = CATÉGORIE
money-column-customer = CLIENT
money-column-day = JOUR
money-column-due = ÉCHÉANCE
money-column-late = JOURS DE RETARD
money-column-lines = LIGNES
money-column-net = HORS TAXE
money-column-number = NUMÉRO
money-column-open = RESTE DÛ
money-column-reminder = RELANCE
money-column-reserved = RÉSERVÉ
money-column-siren = SIREN
money-column-spent = DÉPENSÉ
money-column-total = TOTAL
money-column-town = VILLE
money-column-unbilled = NON FACTURÉ

money-budget = { $left } restent de { $limit } { $period }
money-period-once = en tout
money-period-month = par mois
money-period-year = par an

ledger-broken = Le grand livre n'est plus ce qui a été écrit : { $what }
ledger-sound = { $entries } écritures et { $documents } documents sont ce qui a été écrit. Empreinte : { $hash }
invoice-paid = { $invoice } : { $amount } payés
invoice-left-over = { $amount } ne reviennent à aucune facture et restent au client

history-noted = noté
