# The machines' names, between two marks in /etc/hosts. HOST_LINES: what stands between them.
BEGIN="# algoric: machines of the cluster"
END="# algoric: end"
block() { sed -n "/^$BEGIN\$/,/^$END\$/p" /etc/hosts | sed '1d;$d'; }
others() { sed "/^$BEGIN\$/,/^$END\$/d" /etc/hosts; }
# Written in place, as /etc/hosts may be a mount; the program that reads it in between finds the other names.
check() { [ "$(block)" = "$HOST_LINES" ] || { say hosts-differ; return 1; }; }
act() {
    text=$(others; echo "$BEGIN"; echo "$HOST_LINES"; echo "$END") && echo "$text" > /etc/hosts
}
undo() { text=$(others) && echo "$text" > /etc/hosts; }
