# munge runs with the key of the cluster.
check() {
    runs_with munge /etc/munge/munge.key || return 1
    await 5 sh -c 'munge -n | unmunge' || { say munge-silent; return 1; }
}
act() { start_with munge /etc/munge/munge.key; }
undo() { stop_again munge; }
