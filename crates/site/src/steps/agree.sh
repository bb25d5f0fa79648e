# What the controller signs (`give`), the others believe: same key, clocks near enough. GIVEN.
give() { munge -n; }
check() {
    said=$(echo "$GIVEN" | unmunge 2>&1) && return 0
    say munge-disagrees "$(echo "$said" | sed -n 's/^unmunge: Error: //p;s/^STATUS: *//p' | head -1)"
    return 1
}
