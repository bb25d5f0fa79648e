public-title = A shared computing centre
