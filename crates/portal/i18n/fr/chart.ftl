# Les images de nombres : ce qu’elles disent en mots.

chart-table = Les chiffres
chart-time = Moment
chart-all = Total
chart-unknown = { $name } : rien n’est connu.
chart-range = { $name } : de { $least } à { $most }, en moyenne { $mean }.
chart-sum = { $total } en tout, le plus ({ $most }) : { $at }.
chart-of = { $shown }, soit { $share }.
