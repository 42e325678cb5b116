/**
 * The helpers of a loader that root starts: small shell scripts, each with the one right that the core lacks. They read
 * requests from standard input and end with it, when the core ends. A request names no path and no program.
 */

/**
 * Starts server processes, one at a time. `start IN OUT MARKS SLABS RELEASED`: descriptors of the core; the answer is
 * the lines `pid N` and `opened`, in any order, or `failed` in place of the latter. `end`: kills the server; the answer
 * is `ended CODE`, its exit status as the shell gives it. Descriptors: 3 the server's program, 4 its runtime. Arguments:
 * the command that runs the server without rights.
 *
 * Only pipes and the memory of the rows are opened: the core could name a file that it cannot read itself.
 */
export const SERVER_SCRIPT = `
core=$PPID
pid=
code=0
end() {
  [ -n "$pid" ] || return 0
  kill -KILL "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  code=$?
  pid=
}
become() {
  trap 'echo failed' EXIT
  core_fds=/proc/$core/fd
  exec 0</proc/self/fd/3 7<&4 || exit 1
  exec 3<"$core_fds/$1" 8>"$core_fds/$2" 4<"$core_fds/$3" 5<"$core_fds/$4" 6>"$core_fds/$5" || exit 1
  for fd in 3 4 6 8; do
    case $(readlink "/proc/self/fd/$fd") in pipe:*) ;; *) exit 1 ;; esac
  done
  case $(readlink /proc/self/fd/5) in /memfd:packetlog-rows*) ;; *) exit 1 ;; esac
  echo opened
  exec 1>/dev/null
  shift 5
  cd / && exec env -i "$@"
}
while read -r verb in out marks slabs released; do
  case $verb$in$out$marks$slabs$released in
    end) end; echo "ended $code" ;;
    start*[!0-9]*) ;;
    start*)
      end
      become "$in" "$out" "$marks" "$slabs" "$released" "$@" &
      pid=$!
      echo "pid $pid"
      ;;
  esac
done
end
`;

/**
 * Lists what processes have open. `sockets`: the answer has a line `PID` for each process, followed by a line `s INODE`
 * for each of its sockets. `writers DEVICE INODE`: a line `PID FLAGS` for each process that has this file open, with the
 * flags of proc_pid_fdinfo(5). Both end with a line `.`.
 */
export const PROCESSES_SCRIPT = `
writers() {
  find -L /proc/[0-9]*/fd -maxdepth 1 -inum "$2" 2>/dev/null | while read -r path; do
    [ "$(stat -L -c %d:%i "$path" 2>/dev/null)" = "$1:$2" ] || continue
    pid=\${path#/proc/}
    pid=\${pid%%/*}
    echo "$pid $(sed -n 's/^flags:[[:space:]]*//p' "/proc/$pid/fdinfo/\${path##*/}" 2>/dev/null)"
  done
}
sockets() {
  ls -ln /proc/[0-9]*/fd 2>/dev/null |
    sed -n -e 's|^/proc/\\([0-9]*\\)/fd:$|\\1|p' -e 's|^[^>]*-> socket:\\[\\([0-9]*\\)\\]$|s \\1|p'
}
while read -r verb device inode; do
  case $verb$device$inode in
    sockets) sockets ;;
    writers*[!0-9]*) ;;
    writers*) writers "$device" "$inode" ;;
  esac
  echo .
done
`;

/**
 * Reads and replaces the rules file, its only argument, where the core's user cannot. Requests and answers:
 * `stamp`: `none`, or a text that changes with the file. `read`: `none`, or `SIZE SECONDS` and that many bytes; SECONDS
 * is the time of the last change. `prepare SIZE` with that many bytes: writes a new file beside it; `commit`: renames
 * that one over it; `abandon`: removes it; all three: `done`, or what failed.
 */
export const RULES_SCRIPT = `
umask 077
file=$1
target() {
  path=$(readlink -f "$file") || path=$file
  new=$(dirname "$path")/.$(basename "$path").packetlog.tmp
}
drain() {
  cat >/dev/null
  false
}
while read -r verb size; do
  case $verb$size in *[!a-z0-9]*) continue ;; esac
  target
  case $verb in
    stamp) stat -c '%i %s %y' "$path" 2>/dev/null || echo none ;;
    read)
      if [ -e "$path" ] && [ ! -f "$path" ]; then
        echo 'it is not a regular file'
      elif facts=$(stat -c '%s %Y' "$path" 2>/dev/null); then
        size=\${facts%% *}
        echo "$facts"
        { head -c "$size" "$path"; head -c "$size" /dev/zero; } | head -c "$size"
      else
        echo none
      fi
      ;;
    prepare)
      mkdir -p "$(dirname "$path")" 2>/dev/null
      # Never through a link that another user put there: the old one goes, and the new one must be new.
      rm -f "$new"
      head -c "$size" | { set -C && cat >"$new" || drain; } 2>/dev/null
      if [ "$(stat -c %s "$new" 2>/dev/null)" = "$size" ] && sync "$new" 2>/dev/null; then
        echo 'done'
      else
        rm -f "$new"
        echo 'the file cannot be written'
      fi
      ;;
    commit)
      if mv -f "$new" "$path" 2>/dev/null && sync "$(dirname "$path")"; then
        echo 'done'
      else
        echo 'the file cannot be replaced'
      fi
      ;;
    abandon) rm -f "$new"; echo 'done' ;;
  esac
done
`;

/**
 * Reads the files that are its arguments, which the core's user cannot. `read N`: the file of argument N, beginning with
 * 1. The answer is `SIZE MODE` and that many bytes, MODE being the octal permissions, or a line that says why not.
 */
export const READ_SCRIPT = `
content() {
  facts=$(stat -L -c '%s %a' /proc/self/fd/9) || return 1
  size=\${facts%% *}
  echo "$facts"
  { head -c "$size" <&9; head -c "$size" /dev/zero; } | head -c "$size"
}
answer() {
  shift "$1"
  if [ -d "$1" ]; then
    echo 'it is a directory'
  elif [ ! -e "$1" ]; then
    echo 'no such file'
  elif [ ! -f "$1" ]; then
    echo 'it is not a regular file'
  else
    content 9<"$1" || echo 'it cannot be read'
  fi
}
while read -r verb index; do
  case $verb$index in
    read*[!0-9]*) ;;
    read[1-9]*) [ "$index" -le $# ] && answer "$index" "$@" 2>/dev/null ;;
  esac
done
`;

/**
 * Appends to the file that is its only argument, which the core's user cannot open. `SIZE` with that many bytes; the
 * answer is `done` or `failed WHY`. Opens the file each time, so it can be rotated.
 */
export const APPEND_SCRIPT = `
umask 027
file=$1
drain() {
  cat >/dev/null
  false
}
append() {
  if [ -e "$file" ] && [ ! -f "$file" ]; then drain; else cat >>"$file" || drain; fi
}
while read -r size; do
  case $size in ''|*[!0-9]*) continue ;; esac
  if why=$(head -c "$size" | append 2>&1); then echo 'done'; else echo "failed \${why##*: }"; fi
done
`;
