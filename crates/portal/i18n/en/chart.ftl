# Pictures of numbers: what they say in words.

chart-table = The figures
chart-time = When
chart-all = All
chart-unknown = { $name }: nothing is known.
chart-range = { $name }: from { $least } to { $most }, { $mean } on average.
chart-sum = { $total } in all, most of it ({ $most }): { $at }.
chart-of = { $shown }, which is { $share }.
