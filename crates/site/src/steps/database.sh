# MariaDB with a database for slurmdbd, which alone may use it. The password is read where slurmdbd reads it: it stands on
# no command line. DATABASE.
SETTINGS=/etc/mysql/mariadb.conf.d/60-algoric.cnf
password() { sed -n 's/^StoragePass=//p' /etc/slurm/slurmdbd.conf; }
# As slurmdbd asks: with name and password, by the same socket.
ask() {
    (umask 077; printf '[client]\nuser=slurm\npassword=%s\n' "$(password)" > "$NOTES/client.cnf")
    mariadb --defaults-file="$NOTES/client.cnf" -N -e "$1" "$DATABASE" 2>/dev/null
    code=$?
    rm -f "$NOTES/client.cnf"
    return $code
}
check() {
    runs_with mariadb "$SETTINGS" || return 1
    mkdir -p "$NOTES"
    ask 'select 1' >/dev/null || { say database-closed "$DATABASE"; return 1; }
}
act() {
    mkdir -p "$NOTES"
    [ -d /var/lib/mysql/mysql ] || mariadb-install-db --user=mysql >/dev/null 2>&1 || return 1
    runs_with mariadb "$SETTINGS" >/dev/null || start_with mariadb "$SETTINGS" || return 1
    await 30 mariadb-admin ping || return 1
    [ -e "$NOTES/database" ] || {
        mariadb -N -e "show databases like '$DATABASE'" > "$NOTES/database.new" && mv "$NOTES/database.new" "$NOTES/database"
    }
    printf "create database if not exists %s; create or replace user slurm@localhost identified by '%s'; \
grant all on %s.* to slurm@localhost;\n" "$DATABASE" "$(password)" "$DATABASE" | mariadb
}
# A database of ours goes, but not what is in it: that is kept as a file that `mariadb` reads.
undo() {
    if [ -e "$NOTES/database" ] && ! [ -s "$NOTES/database" ] && await 10 mariadb-admin ping; then
        (umask 077; mariadb-dump "$DATABASE" > "$NOTES/$DATABASE-$NOW.sql") || return 1
        echo "drop database if exists $DATABASE; drop user if exists slurm@localhost;" | mariadb || return 1
    fi
    rm -f "$NOTES/database"
    stop_again mariadb
}
