# munge refuses what is older than five minutes, or from the future: LIMIT seconds leave room for what passes meanwhile.
check() {
    off=$(($(date +%s) - NOW))
    [ "${off#-}" -le "$LIMIT" ] || { say clock-off "$off"; return 1; }
}
