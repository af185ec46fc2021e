/**
 * Holds an exclusive lock until standard input ends: so it goes with its channel, whoever dies. Opened for reading,
 * because a sticky /run/lock does not let root create over another user's file. $1 file, $2 seconds to wait,
 * $3 holder, shown to those who wait in vain. An hour is the bound for a client that lost its power in between.
 */
export const LOCK_SCRIPT = `file=$1
[ -e "$file" ] || touch "$file" || exit 74
exec 9<"$file" || exit 74
flock -x -w "$2" 9 || { cat "$file"; exit 75; }
{ printf '%s\\n' "$3" >"$file"; } 2>/dev/null
echo clocker-locked
exec timeout 3600 cat >/dev/null`;
