# The homes are one folder: what the controller writes there (`give`), the others read. Where the controller's root may not
# write either (a store that trusts no root), what lies there is compared, by the numbers that the store gave it.
# HOME_FOLDER, GIVEN.
listing() { stat -c '%i %Y %n' "$HOME_FOLDER" "$HOME_FOLDER"/* 2>/dev/null | sha256sum | cut -d' ' -f1; }
give() {
    # Nobody deletes it on the way, so the next time does.
    find "$HOME_FOLDER" -maxdepth 1 -name '.algoric-grow-*' -mmin +10 -delete 2>/dev/null
    file=$(mktemp "$HOME_FOLDER/.algoric-grow-XXXXXX" 2>/dev/null) || { echo "listing:$(listing)"; return; }
    # The root of another machine may be nobody here.
    chmod 644 "$file" && echo "${file##*/}" | tee "$file"
}
is_shared() {
    case $GIVEN in
        '') return 1 ;;
        listing:*) [ "listing:$(listing)" = "$GIVEN" ] ;;
        *) [ "$(cat "$HOME_FOLDER/$GIVEN" 2>/dev/null)" = "$GIVEN" ] ;;
    esac
}
check() { is_shared || { say home-not-shared "$HOME_FOLDER"; return 1; }; }
