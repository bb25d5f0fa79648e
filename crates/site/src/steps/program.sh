# The program that this one is, where it does not lie already. TO; GIVEN: the sum of its content (SHA-256). It is brought
# beside its place before `act`.
BROUGHT=$TO.algoric-brought
sum_of() { sha256sum < "$1" | cut -d' ' -f1; }
check() {
    [ -x "$TO" ] || { say file-missing "$TO"; return 1; }
    [ "$(sum_of "$TO")" = "$GIVEN" ] || { say program-differs "$("$TO" --version 2>/dev/null | head -1)"; return 1; }
}
act() {
    [ "$(sum_of "$BROUGHT")" = "$GIVEN" ] || { say program-broken "$BROUGHT"; rm -f "$BROUGHT"; return 1; }
    keep "$TO" && chown root: "$BROUGHT" && chmod 755 "$BROUGHT" && mv "$BROUGHT" "$TO"
}
undo() { rm -f "$BROUGHT"; restore "$TO"; }
