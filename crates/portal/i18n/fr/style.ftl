# /style : les éléments dont les pages sont faites.

style-title = Composants
style-lead = Ce dont les pages sont faites : une seule langue visuelle, calme et lisible, claire ou sombre, sur téléphone, sur écran et sur papier.
style-text = Texte, nombres, dates
style-sample = Un travail attend que deux cœurs se libèrent ; il commencera vers 14 h.
style-link = Un lien
style-soft = un texte discret
style-buttons = Boutons
style-states = État
style-notices = Messages
style-empty = Rien ici pour l’instant
style-empty-help = Une page vide dit pourquoi, et quoi faire.
style-cards = Cartes et chiffres
style-figure = Puissance
style-figure-note = mesurée à la prise, à 2 % près
style-forms = Formulaires
style-field = Un champ
style-hint = Ce que l’on peut y écrire.
style-error = Ce n’est pas un nombre : écrivez par exemple 4.
style-tables = Tableaux et sorties
style-charts = Images de nombres
style-low = heures creuses
style-high = heures pleines
style-limit = limite
style-gauge = Cœurs au travail
style-lines = Puissance, en courbes
style-areas = Puissance, en surfaces
