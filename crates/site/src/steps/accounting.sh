# The tree of accounts. `tree_is_there` and `make_tree` stand in files/accounting.sh. What others put into the tree later
# is theirs: undoing takes nothing out of it, as it goes with the database.
eval "$(content)"
check() { tree_is_there || { say tree-incomplete; return 1; }; }
act() { make_tree >&2; }
undo() { :; }
