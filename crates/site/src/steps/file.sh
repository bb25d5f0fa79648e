# A file with its content, owner and mode. TO, OWNER, MODE; `content` prints it.
check() {
    [ -e "$TO" ] || { say file-missing "$TO"; return 1; }
    [ "$(sha256sum < "$TO" | cut -d' ' -f1)" = "$(content | sha256sum | cut -d' ' -f1)" ] || { say file-differs "$TO"; return 1; }
    [ "$(stat -c '%U %a' "$TO")" = "$OWNER $MODE" ] || { say file-open "$TO"; return 1; }
}
act() {
    mkdir -p "$(dirname "$TO")" && keep "$TO" || return 1
    (umask 077; content > "$TO.algoric-new") && chown "$OWNER:" "$TO.algoric-new" &&
        chmod "$MODE" "$TO.algoric-new" && mv "$TO.algoric-new" "$TO"
}
undo() { restore "$TO"; }
