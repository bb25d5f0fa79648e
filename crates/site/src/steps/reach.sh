# The machine can be reached, its user may do everything, and it is a Debian.
check() {
    [ "$(id -u)" = 0 ] || { say not-root "$(id -un)"; return 1; }
    command -v apt-get >/dev/null || { say no-apt; return 1; }
    command -v service >/dev/null || { say no-service; return 1; }
}
