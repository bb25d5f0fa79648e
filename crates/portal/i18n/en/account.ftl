# Coming in and going, links, one's account.

login-title = Log in
login-login = Login or e-mail address
login-password = Password
login-send = Log in
login-forgotten = Forgotten your password? Ask an operator of the centre for a new link.
login-invited = Were you invited? Follow the link, or type its address with the printed code.

link-first-title = Welcome to your centre
link-first-lead = You are about to become its first operator: who invites the others and looks after the machine.
link-first-send = Make my account
link-invite-title = You are invited
link-invite-lead = Choose what you are called here and your password: that is all.
link-invite-send = Join the centre
link-reset-title = New password
link-reset-lead = Choose a new one. Everywhere else you will be logged out.
link-reset-send = Change the password
link-login = Login:
link-project = You will be a member of the project
link-account = Your jobs will run as this machine’s account:
no-link-title = This link is good no more
no-link-help = A link is good once, and for some time only. Ask whoever gave it to you for a new one; if you have an account already, log in.

profile-name = Name
profile-login = Login
profile-login-hint = 2 to 32 small letters without accents, digits, “-”, “_” or “.”; a letter first.
profile-email = E-mail address (optional)
profile-email-hint = To be sent a link if you forget your password.
password-new = New password
password-hint = 10 characters at least. A sentence is easier to remember than a code.
password-again = The same once more

people-no-wrong-password = The login or the password is wrong.
people-no-not-yet = Your request still waits for an operator’s answer.
people-no-wait = Too many tries. Try again in { $wait }.
people-no-busy = Many people are logging in just now. Try again in a moment.
people-no-no-link = There is no such link, or it was used, or it is too old.
people-no-login-taken = Somebody has that login already. Choose another one.
people-no-login-unfit = A login has 2 to 32 small letters without accents, digits, “-”, “_” or “.”, and begins with a letter.
people-no-name-unfit = Say what you are called (100 characters at most).
people-no-email-unfit = That is no e-mail address, or somebody uses it already.
people-no-password-unfit = A password has 10 characters at least, and is neither your name nor one of those that everybody tries first.
people-no-not-the-same = The two passwords are not the same.
