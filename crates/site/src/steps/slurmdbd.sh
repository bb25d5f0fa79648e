# The service of accounting runs and answers.
check() {
    runs_with slurmdbd /etc/slurm/slurmdbd.conf || return 1
    await 30 sacctmgr -nP show cluster format=cluster || { say accounting-silent; return 1; }
}
act() { start_with slurmdbd /etc/slurm/slurmdbd.conf; }
undo() { stop_again slurmdbd; }
