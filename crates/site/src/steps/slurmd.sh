# The machine takes jobs. NODE: its name in the cluster.
state() { scontrol -o show node "$NODE" 2>/dev/null | sed -n 's/.* State=\([^ ]*\).*/\1/p'; }
# Off on purpose is well; so is what only waits for its first report.
is_well() {
    case $(state) in
        '' | *DOWN* | *NOT_RESPONDING* | *UNKNOWN* | *INVAL* | *DRAIN* | *FAIL*) return 1 ;;
    esac
}
why() { scontrol -o show node "$NODE" 2>/dev/null | sed -n 's/.* Reason=\(.*\) \[.*/\1/p'; }
check() {
    runs_with slurmd $CONFIGURATION || return 1
    await 20 is_well || { say node-state "$NODE $(state) $(why)"; return 1; }
}
act() { start_with slurmd $CONFIGURATION; }
undo() { stop_again slurmd; }
