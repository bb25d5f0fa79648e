# Ce que toutes les pages disent.

fault-home = Retour à l’accueil
fault-missing = Il n’y a rien ici
fault-missing-help = L’adresse est peut-être mal écrite, ou ce qu’elle montrait n’est pas à vous.
fault-forbidden = Ce n’est pas permis
fault-forbidden-help = Votre rôle ne permet pas cette action. Demandez à un opérateur du centre.
fault-login = Il faut d’abord se connecter
fault-login-help = Cette page est réservée aux membres.
fault-unreadable = Le formulaire n’a pas été compris
fault-unreadable-help = Revenez à la page précédente et réessayez.
fault-not-from-here = Le formulaire ne vient pas de cette page
fault-not-from-here-help = Il est peut-être resté ouvert trop longtemps. Rechargez la page et renvoyez-le ; rien n’a été fait.
fault-storage = Le centre ne peut rien écrire en ce moment
fault-storage-help = Le disque est peut-être plein. Rien n’a été fait ; un opérateur doit s’en occuper.
fault-away = Le centre ne répond pas
fault-away-help = Il redémarre peut-être. Rechargez la page dans une minute ; vos travaux continuent.
fault-refused = Le centre a refusé
fault-refused-help = Corrigez ce qui est dit ci-dessus et réessayez.
fault-inside = Quelque chose s’est mal passé
fault-inside-help = C’est une erreur du programme. Dites à un opérateur ce que vous avez fait.
