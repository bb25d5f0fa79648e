# A user of the system with the same numbers on all machines. NAME, UID, GID, FOLDER (its home).
number() { getent passwd "$NAME" | cut -d: -f3,4; }
check() {
    has=$(number)
    [ "$has" = "$WANT_UID:$WANT_GID" ] || { say identity "$NAME ${has:-none} $WANT_UID:$WANT_GID"; return 1; }
}
# Gives its numbers to a user, and with them what it owned.
renumber() {
    from=$(number)
    service "$SERVICE" stop >/dev/null 2>&1 </dev/null
    groupmod -g "$2" "$NAME" && usermod -u "$1" -g "$2" "$NAME" || return 1
    find /etc /var /run -xdev \( -user "${from%:*}" -o -group "${from#*:}" \) 2>/dev/null | while read -r path; do
        chown -h "$NAME:$NAME" "$path"
    done
}
act() {
    mkdir -p "$NOTES"
    has=$(number)
    [ -e "$NOTES/identity-$NAME" ] || echo "${has:-none}" > "$NOTES/identity-$NAME"
    if [ -n "$has" ]; then
        renumber "$WANT_UID" "$WANT_GID"
    else
        getent group "$NAME" >/dev/null || groupadd --system -g "$WANT_GID" "$NAME" || return 1
        useradd --system -u "$WANT_UID" -g "$NAME" -d "$FOLDER" -M -s /usr/sbin/nologin "$NAME"
    fi
}
undo() {
    was=$(cat "$NOTES/identity-$NAME" 2>/dev/null) || return 0
    case $was in
        none) userdel "$NAME" 2>/dev/null; groupdel "$NAME" 2>/dev/null; : ;;
        *) renumber "${was%:*}" "${was#*:}" ;;
    esac && rm -f "$NOTES/identity-$NAME"
}
