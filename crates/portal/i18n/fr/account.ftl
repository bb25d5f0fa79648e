# Entrer et sortir, les liens, le compte.

login-title = Se connecter
login-login = Identifiant ou adresse e-mail
login-password = Mot de passe
login-send = Se connecter
login-forgotten = Mot de passe oublié ? Demandez un nouveau lien à un opérateur du centre.
login-invited = Vous avez reçu une invitation ? Suivez le lien, ou tapez son adresse avec le code imprimé.

link-first-title = Bienvenue dans votre centre
link-first-lead = Vous allez devenir son premier opérateur : la personne qui invite les autres et veille sur la machine.
link-first-send = Créer mon compte
link-invite-title = Vous êtes invité
link-invite-lead = Choisissez comment vous vous appelez ici et votre mot de passe : c’est tout.
link-invite-send = Rejoindre le centre
link-reset-title = Nouveau mot de passe
link-reset-lead = Choisissez-en un nouveau. Partout ailleurs, vous serez déconnecté.
link-reset-send = Changer le mot de passe
link-login = Identifiant :
link-project = Vous serez membre du projet
link-account = Vos travaux tourneront avec le compte de cette machine :
no-link-title = Ce lien ne sert plus
no-link-help = Un lien ne sert qu’une fois et n’est valable que quelque temps. Demandez-en un nouveau à qui vous l’a donné ; si vous avez déjà un compte, connectez-vous.

profile-name = Nom et prénom
profile-login = Identifiant
profile-login-hint = 2 à 32 lettres minuscules sans accent, chiffres, « - », « _ » ou « . » ; une lettre d’abord.
profile-email = Adresse e-mail (facultative)
profile-email-hint = Pour recevoir un lien si vous oubliez votre mot de passe.
password-new = Nouveau mot de passe
password-hint = 10 caractères au moins. Une phrase est plus facile à retenir qu’un code.
password-again = Le même encore une fois

people-no-wrong-password = L’identifiant ou le mot de passe n’est pas le bon.
people-no-not-yet = Votre demande attend encore la réponse d’un opérateur.
people-no-wait = Trop d’essais. Réessayez dans { $wait }.
people-no-busy = Beaucoup de monde se connecte en ce moment. Réessayez dans un instant.
people-no-no-link = Ce lien n’existe pas, a déjà servi, ou est trop ancien.
people-no-login-taken = Quelqu’un porte déjà cet identifiant. Choisissez-en un autre.
people-no-login-unfit = Un identifiant a 2 à 32 lettres minuscules sans accent, chiffres, « - », « _ » ou « . », et commence par une lettre.
people-no-name-unfit = Dites comment vous vous appelez (100 caractères au plus).
people-no-email-unfit = Cette adresse e-mail n’en est pas une, ou quelqu’un l’utilise déjà.
people-no-password-unfit = Un mot de passe a 10 caractères au moins, et n’est ni votre nom ni l’un de ceux que tout le monde essaie d’abord.
people-no-not-the-same = Les deux mots de passe ne sont pas les mêmes.
