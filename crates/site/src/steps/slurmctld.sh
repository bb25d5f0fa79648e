# The controller runs with the configuration that is there, and answers.
check() {
    runs_with slurmctld $CONFIGURATION || return 1
    await 20 sh -c 'scontrol ping | grep -q "is UP"' || { say controller-silent; return 1; }
}
act() { start_with slurmctld $CONFIGURATION; }
undo() { stop_again slurmctld; }
