# People have the same numbers on all machines: a job runs as the number of who submitted it. Asked: the controller
# (`give`); compared: each other machine. GIVEN: what the controller said.
give() { getent passwd | awk -F: '$3 >= 1000 && $3 < 60000 { print $1 ":" $3 }' | sort; }
check() {
    echo "$GIVEN" | (
        bad=0
        while IFS=: read -r name uid; do
            [ -n "$name" ] || continue
            here=$(getent passwd "$name" | cut -d: -f3)
            case $here in
                "$uid") continue ;;
                '') say member-missing "$name $uid" ;;
                *) say member-differs "$name $here $uid" ;;
            esac
            bad=1
        done
        exit "$bad"
    )
}
