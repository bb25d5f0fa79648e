# People who use the pages.

people-link-once = This link is good once, until { $until }: give it to the right person.
