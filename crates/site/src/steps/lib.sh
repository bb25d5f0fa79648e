# What all steps share. The program puts before it: NOW (seconds since 1970, its own clock), what the step is told, and for
# a file `content`, which prints it. Nothing is done here; the last line that the program adds calls a function.
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin; export PATH LC_ALL=C
umask 022
NOTES=/var/lib/algoric/grow   # what was here before us; only root reads it

# Says why something is not as it should be: a word that the program knows, and a value.
say() { printf '!%s\n' "$*"; }

# Keeps what is at a path, once, so that it can be put back.
keep() {
    (umask 077; mkdir -p "$NOTES/before$(dirname "$1")") || return 1
    [ -e "$NOTES/before$1" ] || [ -e "$NOTES/before$1.absent" ] || {
        if [ -e "$1" ]; then cp -p "$1" "$NOTES/before$1"; else : > "$NOTES/before$1.absent"; fi
    }
}

# Puts back what was kept.
restore() {
    if [ -e "$NOTES/before$1" ]; then
        cp -p "$NOTES/before$1" "$1.algoric-new" && mv "$1.algoric-new" "$1" && rm "$NOTES/before$1"
    elif [ -e "$NOTES/before$1.absent" ]; then
        rm -f "$1" "$NOTES/before$1.absent"
    fi
}

# Waits until nobody else changes this machine for us. What is started meanwhile must not hold on to it (9>&-).
alone() { exec 9> /run/algoric-grow.lock && flock -w 600 9; }

has_systemd() { [ -d /run/systemd/system ]; }

# The processes of a service.
processes() {
    case $1 in
        munge) pidof munged ;;
        mariadb) pidof mariadbd mysqld ;;
        *) pidof "$1" ;;
    esac
}

# Whether a service runs. Without systemd its program is looked for: Debian's old scripts say yes without a configuration.
runs() {
    if has_systemd; then systemctl is-active --quiet "$1"; return; fi
    processes "$1" >/dev/null
}

# Whether one of these processes still is one of a service.
still() {
    of=$1; shift
    for process in "$@"; do
        case " $(processes "$of") " in *" $process "*) return 0 ;; esac
    done
    return 1
}

# What a service was started with: the files named.
made_of() { cat "$@" 2>/dev/null | sha256sum | cut -d' ' -f1; }

# Whether a service runs with the files that are there now.
runs_with() {
    service=$1; shift
    runs "$service" || { say service-down "$service"; return 1; }
    [ "$(cat "$NOTES/started/$service" 2>/dev/null)" = "$(made_of "$@")" ] || { say service-stale "$service"; return 1; }
}

# Starts a service anew with these files, and with the machine from now on.
start_with() {
    service=$1; shift
    mkdir -p "$NOTES/started"
    [ -e "$NOTES/before-$service" ] || { if runs "$service"; then echo up; else echo down; fi > "$NOTES/before-$service"; }
    if has_systemd; then systemctl enable --quiet "$service"; fi
    made=$(made_of "$@")
    old=; has_systemd || old=$(processes "$service")
    service "$service" restart >/dev/null 2>&1 </dev/null 9>&-
    # Debian's old scripts do not wait for one that takes its time to end, and which is not the new one.
    for _ in $(seq 120); do still "$service" $old || break; sleep 0.5; done
    ! still "$service" $old || { say service-fails "$service"; return 1; }
    runs "$service" || service "$service" start >/dev/null 2>&1 </dev/null 9>&-
    # It may take its time to come up, or fall over at once.
    for _ in 1 2 3 4 5 6 7 8 9 10; do runs "$service" && break; sleep 0.5; done
    runs "$service" || { say service-fails "$service"; return 1; }
    echo "$made" > "$NOTES/started/$service"
}

# As it was before.
stop_again() {
    was=$(cat "$NOTES/before-$1" 2>/dev/null) || return 0
    if [ "$was" = up ]; then
        service "$1" restart >/dev/null 2>&1 </dev/null 9>&-
    else
        service "$1" stop >/dev/null 2>&1 </dev/null 9>&-
        if has_systemd; then systemctl disable --quiet "$1"; fi
    fi
    rm -f "$NOTES/before-$1" "$NOTES/started/$1"
}

# Tries a command for so many seconds.
await() {
    seconds=$1; shift
    while ! "$@" >/dev/null 2>&1; do
        seconds=$((seconds - 1))
        [ "$seconds" -gt 0 ] || return 1
        sleep 1
    done
}
