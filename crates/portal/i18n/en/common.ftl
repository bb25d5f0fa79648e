# What all pages say.

fault-home = Back to the start
fault-missing = There is nothing here
fault-missing-help = The address may be mistyped, or what it showed is not yours.
fault-forbidden = You may not do that
fault-forbidden-help = Your role does not allow it. Ask an operator of the centre.
fault-login = Please log in first
fault-login-help = This page is for members.
fault-unreadable = The form was not understood
fault-unreadable-help = Go back to the page before and try again.
fault-not-from-here = The form did not come from this page
fault-not-from-here-help = It may have been open for too long. Reload the page and send it again; nothing was done.
fault-storage = The centre cannot write anything now
fault-storage-help = The disk may be full. Nothing was done; an operator must look after it.
fault-away = The centre does not answer
fault-away-help = It may be starting again. Reload the page in a minute; your jobs go on.
fault-refused = The centre refused
fault-refused-help = Mend what is said above and try again.
fault-inside = Something went wrong
fault-inside-help = This is a mistake of the program. Tell an operator what you did.
