# Runs one private PostgreSQL, and ends it and removes its directory when standard input ends.
#
# Standard input is a pipe whose other end only the owner holds, so the end of the owner, however it comes, is the end
# of the input. Standard output is a file with an exclusive lock, which tells sweepers that the directory is in use.
# The lines before these set $dir and define initialise() and serve().

trap '' HUP INT QUIT TERM
ulimit -c 0
cd /
exec 3<&0 </dev/null
job=
keep=no

# Runs a function in the background and leaves its exit status in a file.
launch() {
    (
        "$@"
        echo $? >"$dir/exit.new"
        mv "$dir/exit.new" "$dir/exit"
    ) 3<&- >>"$dir/log" 2>&1 &
    job=$!
}

pause() {
    sleep 0.02 2>/dev/null || sleep 1
}

# Ends what runs in this process group: initdb at any point, or the server by an immediate shutdown. Signals repeat
# because one that comes before the program has set its handlers is lost.
halt() {
    while [ -n "$job" ] && kill -0 "$job" 2>/dev/null; do
        kill -QUIT 0
        pause
    done
}

while read -r word argument <&3; do
    case $word in
        init)
            password=$argument
            launch initialise
            ;;
        start)
            port=$argument
            launch serve
            ;;
        signal)
            kill -s "$argument" "$(head -n 1 "$dir/data/postmaster.pid")"
            ;;
        keep)
            keep=$argument
            ;;
    esac
done 2>>"$dir/log"

[ "$keep" = yes ] && wait "$job"
halt
rm -rf -- "$dir"
