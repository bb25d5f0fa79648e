# Les personnes qui utilisent les pages.

people-link-once = Ce lien sert une seule fois, jusqu’au { $until } : donnez-le à la bonne personne.
