# What surrounds each page, and dates.

nav-skip = Skip to the content
nav-main = Main navigation
nav-home = Home
nav-jobs = Jobs
nav-files = Files
nav-projects = Projects
nav-energy = Energy
nav-account = Account
nav-operator = Centre
nav-front = The centre
nav-visit = Visit
nav-login = Log in
nav-logout = Log out
nav-language = Language
nav-other-language = Français
nav-more = Footer
nav-style = Components
nav-api = API
footer-what = A shared computing centre, made of recycled machines.

done-saved = Saved.
done-sent = Sent.

when-today = today at { $time }
when-yesterday = yesterday at { $time }
when-tomorrow = tomorrow at { $time }

month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
month-short-1 = Jan
month-short-2 = Feb
month-short-3 = Mar
month-short-4 = Apr
month-short-5 = May
month-short-6 = Jun
month-short-7 = Jul
month-short-8 = Aug
month-short-9 = Sep
month-short-10 = Oct
month-short-11 = Nov
month-short-12 = Dec
