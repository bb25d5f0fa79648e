# A real job, on all machines at once: each says its name. NODES: how many.
check() {
    said=$(cd / && srun --job-name=algoric-grow --immediate=60 -t 1 -N "$NODES" --ntasks-per-node=1 --mem=64 hostname 2>&1)
    count=$(echo "$said" | sort -u | grep -c .)
    [ "$count" = "$NODES" ] || { say job-fails "$(echo "$said" | tail -1)"; return 1; }
}
