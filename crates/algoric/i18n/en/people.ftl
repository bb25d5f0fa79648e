# People who use the pages.

people-link-once = This link is good once, until { $until } (code { $code }): give it to the right person.
people-token-once = Copy this token now: it will not be shown again. It is good until { $until }.

column-scopes = GOOD FOR
column-until = UNTIL
column-last-used = LAST USED
column-id = ID

people-no-wrong-password = The login or the password is wrong.
people-no-not-yet = Your request still waits for an operator’s answer.
people-no-wait = Too many tries. Try again later.
people-no-busy = Many people are logging in just now. Try again in a moment.
people-no-no-link = There is no such link, or it was used, or it is too old.
people-no-login-taken = Somebody has that login already. Choose another one.
people-no-login-unfit = A login has 2 to 32 small letters without accents, digits, “-”, “_” or “.”, and begins with a letter.
people-no-name-unfit = Say what you are called (100 characters at most).
people-no-email-unfit = That is no e-mail address, or somebody uses it already.
people-no-password-unfit = A password has 10 characters at least, and is neither your name nor one of those that everybody tries first.
people-no-not-the-same = The two passwords are not the same.
people-no-nobody-there = There is no such person here.
people-no-no-account = This machine has no account of that name, or it is one of the system’s.
people-no-account-taken = That account is linked to somebody already.
people-no-own-account-only = This centre runs under an ordinary account: only that one can be linked. Started by root, it would make one for everybody.
people-no-account-unfit = An account has 2 to 32 small letters, digits, “-” or “_”, begins with a letter, and does not exist yet.
people-no-account-failed = The system did not make the account
people-no-last-operator = There must always be an operator who can log in. Name another one first.
people-no-role-fixed = That role is given by config.toml, or is not yours to give.
people-no-no-project = There is no such project, or you do not answer for it.
people-no-token-unfit = A token has a name, something that it is good for, and lasts 1 to 366 days.
people-no-too-many = You have many already. Delete some first.
