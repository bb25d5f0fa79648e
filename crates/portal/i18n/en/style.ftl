# /style: the parts that pages are made of.

style-title = Components
style-lead = What pages are made of: one visual language, quiet and legible, light or dark, on a phone, a screen and paper.
style-text = Text, numbers, dates
style-sample = A job waits for two cores to be free; it will start at about 2 p.m.
style-link = A link
style-soft = quiet text
style-buttons = Buttons
style-states = State
style-notices = Notices
style-empty = Nothing here yet
style-empty-help = An empty page says why, and what to do.
style-cards = Cards and figures
style-figure = Power
style-figure-note = measured at the plug, within 2 %
style-forms = Forms
style-field = A field
style-hint = What may be written there.
style-error = This is no number: write 4, for example.
style-tables = Tables and output
style-charts = Pictures of numbers
style-low = off-peak hours
style-high = peak hours
style-limit = limit
style-gauge = Cores at work
style-lines = Power, as lines
style-areas = Power, as areas
