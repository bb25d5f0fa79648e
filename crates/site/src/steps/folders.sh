# Folders of Slurm's, with the owners that it wants. FOLDERS: lines "OWNER MODE PATH".
each() { echo "$FOLDERS" | while read -r owner mode path; do "$1" "$owner" "$mode" "$path" || return 1; done; }
is_right() {
    [ "$(stat -c '%U %a' "$3" 2>/dev/null)" = "$1 $2" ] || { say folder-differs "$3"; return 1; }
}
make() { mkdir -p "$3" && chown "$1:" "$3" && chmod "$2" "$3"; }
# Only what is empty: what Slurm wrote there is not ours to throw away.
leave() { rmdir "$3" 2>/dev/null; :; }
check() { each is_right; }
act() { each make; }
undo() { each leave; }
