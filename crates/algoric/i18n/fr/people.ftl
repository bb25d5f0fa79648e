# Les personnes qui utilisent les pages.

people-link-once = Ce lien sert une seule fois, jusqu’au { $until } (code { $code }) : donnez-le à la bonne personne.
people-token-once = Copiez ce jeton maintenant : il ne sera plus montré. Il vaut jusqu’au { $until }.

column-scopes = DROITS
column-until = JUSQU’AU
column-last-used = DERNIER USAGE
column-id = NUMÉRO

people-no-wrong-password = L’identifiant ou le mot de passe n’est pas le bon.
people-no-not-yet = Votre demande attend encore la réponse d’un opérateur.
people-no-wait = Trop d’essais. Réessayez plus tard.
people-no-busy = Beaucoup de monde se connecte en ce moment. Réessayez dans un instant.
people-no-no-link = Ce lien n’existe pas, a déjà servi, ou est trop ancien.
people-no-login-taken = Quelqu’un porte déjà cet identifiant. Choisissez-en un autre.
people-no-login-unfit = Un identifiant a 2 à 32 lettres minuscules sans accent, chiffres, « - », « _ » ou « . », et commence par une lettre.
people-no-name-unfit = Dites comment vous vous appelez (100 caractères au plus).
people-no-email-unfit = Cette adresse e-mail n’en est pas une, ou quelqu’un l’utilise déjà.
people-no-password-unfit = Un mot de passe a 10 caractères au moins, et n’est ni votre nom ni l’un de ceux que tout le monde essaie d’abord.
people-no-not-the-same = Les deux mots de passe ne sont pas les mêmes.
people-no-nobody-there = Cette personne n’existe pas ici.
people-no-no-account = Cette machine n’a pas de compte de ce nom, ou c’est un compte du système.
people-no-account-taken = Ce compte est déjà lié à quelqu’un.
people-no-own-account-only = Ce centre tourne avec un compte ordinaire : seul ce compte peut être lié. Lancé par root, il ferait un compte pour chacun.
people-no-account-unfit = Un compte a 2 à 32 lettres minuscules, chiffres, « - » ou « _ », commence par une lettre, et n’existe pas encore.
people-no-account-failed = Le système n’a pas créé le compte
people-no-last-operator = Il faut toujours un opérateur qui puisse se connecter. Nommez-en un autre d’abord.
people-no-role-fixed = Ce rôle est donné par config.toml, ou n’est pas à vous de donner.
people-no-no-project = Ce projet n’existe pas, ou vous n’en êtes pas responsable.
people-no-token-unfit = Un jeton a un nom, au moins un droit, et dure de 1 à 366 jours.
people-no-too-many = Vous en avez déjà beaucoup. Supprimez-en d’abord.
