# Ce qui entoure chaque page, et les dates.

nav-skip = Aller au contenu
nav-main = Navigation principale
nav-home = Accueil
nav-jobs = Travaux
nav-files = Fichiers
nav-projects = Projets
nav-energy = Énergie
nav-account = Compte
nav-operator = Centre
nav-front = Le centre
nav-visit = Visite
nav-login = Se connecter
nav-logout = Se déconnecter
nav-language = Langue
nav-other-language = English
nav-more = Pied de page
nav-style = Composants
nav-api = API
footer-what = Un centre de calcul partagé, fait de machines recyclées.

done-saved = C’est enregistré.
done-sent = C’est envoyé.

when-today = aujourd’hui à { $time }
when-yesterday = hier à { $time }
when-tomorrow = demain à { $time }

month-1 = janvier
month-2 = février
month-3 = mars
month-4 = avril
month-5 = mai
month-6 = juin
month-7 = juillet
month-8 = août
month-9 = septembre
month-10 = octobre
month-11 = novembre
month-12 = décembre
month-short-1 = janv.
month-short-2 = févr.
month-short-3 = mars
month-short-4 = avr.
month-short-5 = mai
month-short-6 = juin
month-short-7 = juill.
month-short-8 = août
month-short-9 = sept.
month-short-10 = oct.
month-short-11 = nov.
month-short-12 = déc.
