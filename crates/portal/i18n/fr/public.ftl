public-title = Un centre de calcul partagé
