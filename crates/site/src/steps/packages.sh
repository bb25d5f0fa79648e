# Debian's packages. PACKAGES.
missing() {
    for package in $PACKAGES; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || echo "$package"
    done
}
check() {
    lack=$(missing | tr '\n' ' ')
    [ -z "$lack" ] || { say packages-missing "$lack"; return 1; }
}
act() {
    mkdir -p "$NOTES"
    missing >> "$NOTES/packages"
    export DEBIAN_FRONTEND=noninteractive
    # What was interrupted before is ended first.
    dpkg --configure -a </dev/null >/dev/null 2>&1 9>&-
    apt-get update -q </dev/null >/dev/null 2>&1
    # shellcheck disable=SC2086
    apt-get install -y -q --no-install-recommends $PACKAGES </dev/null >&2 9>&-
}
undo() {
    ours=$(sort -u "$NOTES/packages" 2>/dev/null)
    [ -n "$ours" ] || return 0
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get remove -y -q $ours </dev/null >&2 && rm -f "$NOTES/packages"
}
