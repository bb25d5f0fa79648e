# The machine reports to the centre. NODE: its name; PROGRAM; CENTRE: where it reports to; DATA: the centre's folder, on the
# controller. The controller gives a word that lets it in (`give`), and forgets it before this is undone (`release`).
STATE=/var/lib/algoric-node
UNIT=/etc/systemd/system/algoric-node.service
PID=/run/algoric-node.pid
give() { "$PROGRAM" --data "$DATA" node invite "$NODE" --address "$CENTRE"; }
release() {
    [ -e "$DATA" ] || return 0
    known=$("$PROGRAM" --data "$DATA" node list --json) || { say node-remembered "$NODE"; return 1; }
    printf %s "$known" | grep -q "\"name\": *\"$NODE\"" || return 0
    "$PROGRAM" --data "$DATA" node forget "$NODE" >&2 || { say node-remembered "$NODE"; return 1; }
}
# What it runs with: it is started anew when that is another.
settings() { cat /etc/algoric/node.toml "$PROGRAM" 2>/dev/null | sha256sum | cut -d' ' -f1; }
is_at_work() {
    if has_systemd; then systemctl is-active --quiet algoric-node; return; fi
    kill -0 "$(cat "$PID" 2>/dev/null)" 2>/dev/null
}
halt() {
    if has_systemd; then systemctl disable --quiet --now algoric-node 2>/dev/null; return; fi
    [ ! -e "$PID" ] || { kill "$(cat "$PID")" 2>/dev/null; rm -f "$PID"; }
}
check() {
    [ -x "$PROGRAM" ] || { say file-missing "$PROGRAM"; return 1; }
    [ -e "$STATE/centre.json" ] || { say node-stranger "$NODE"; return 1; }
    is_at_work || { say service-down algoric-node; return 1; }
    [ "$(cat "$NOTES/started/algoric-node" 2>/dev/null)" = "$(settings)" ] || { say service-stale algoric-node; return 1; }
}
act() {
    [ -x "$PROGRAM" ] || { say file-missing "$PROGRAM"; return 1; }
    [ -e "$STATE/centre.json" ] || printf %s "$GIVEN" | "$PROGRAM" node enrol - >&2 || { say node-stranger "$NODE"; return 1; }
    mkdir -p "$NOTES/started"
    halt
    if has_systemd; then
        printf '%s\n' '[Unit]' 'Description=Reports this machine to its centre' 'Wants=network-online.target' \
            'After=network-online.target' '[Service]' "ExecStart=$PROGRAM node run" 'Restart=always' 'RestartSec=5' 'Nice=10' \
            '[Install]' 'WantedBy=multi-user.target' > "$UNIT"
        systemctl daemon-reload && systemctl enable --quiet --now algoric-node || return 1
    else
        setsid "$PROGRAM" node run > /var/log/algoric-node.log 2>&1 < /dev/null 9>&- &
        echo $! > "$PID"
    fi
    settings > "$NOTES/started/algoric-node"
    sleep 1
}
undo() {
    halt
    rm -rf "$STATE" "$UNIT" "$NOTES/started/algoric-node"
}
