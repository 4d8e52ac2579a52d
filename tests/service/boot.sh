#!/bin/bash
# boot.sh FOLDER: boots the systemd of this machine as process 1 of namespaces of its own, with / below an overlay, says
# `booted PID` (of that process 1, for nsenter), and shuts it down when its standard input ends. Needs root, util-linux,
# and control groups of version 1.
#
# FOLDER is for its writes, empty but for `u`, whose files lie over those of the machine; it is removed at the end. The
# memory and pids controllers are children of our own control groups, so that MemoryMax= and TasksMax= hold. The network
# is the machine's.
set -u
CONTROLLERS="memory pids cpu cpuacct blkio devices"
if [ -z "${STAGE:-}" ]; then STAGE=1 exec unshare --mount --propagation private "$0" "$@"; fi
W=$1

inside() {  # in the new namespaces, as their process 1: build the tree, and become systemd
  local r=$W/root name folder
  mount -t overlay -o "lowerdir=/,upperdir=$W/u,workdir=$W/w" overlay "$r"
  mount -t proc proc "$r/proc"
  mount -t sysfs -o ro sysfs "$r/sys"
  mount -t tmpfs -o mode=755,size=10% tmpfs "$r/run"
  mount -t tmpfs tmpfs "$r/tmp"
  mount -t tmpfs -o mode=755 tmpfs "$r/dev"
  mkdir "$r/dev/pts" "$r/dev/shm"
  for name in null zero full random urandom tty; do
    touch "$r/dev/$name"
    mount --bind "/dev/$name" "$r/dev/$name"
  done
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$r/dev/pts"
  mount -t tmpfs tmpfs "$r/dev/shm"
  ln -s pts/ptmx "$r/dev/ptmx"
  ln -s /proc/self/fd "$r/dev/fd"
  ln -s fd/0 "$r/dev/stdin"; ln -s fd/1 "$r/dev/stdout"; ln -s fd/2 "$r/dev/stderr"
  : >"$r/dev/console"
  mount --bind /dev/null "$r/dev/console"
  mount -t tmpfs -o mode=755 tmpfs "$r/sys/fs/cgroup"
  mkdir "$r/sys/fs/cgroup/systemd" "$r/sys/fs/cgroup/unified"
  mount -t cgroup -o none,name=systemd cgroup "$r/sys/fs/cgroup/systemd"
  mount -t cgroup2 cgroup2 "$r/sys/fs/cgroup/unified"
  for name in $CONTROLLERS; do
    mkdir "$r/sys/fs/cgroup/$name"
    mount -t cgroup -o "$name" cgroup "$r/sys/fs/cgroup/$name"
  done
  rm -f "$r/etc/machine-id"
  : >"$r/etc/machine-id"
  cd "$r" && mkdir -p .old && pivot_root . .old && cd / && umount -l /.old && rmdir /.old
  mount --bind /proc/sys /proc/sys  # the settings of the kernel are the machine's
  mount -o remount,ro,bind /proc/sys
  mount --make-rshared /  # without it the folders of LoadCredential= do not reach the units
  exec env -i container=unshare PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --unit=basic.target </dev/null >/dev/null 2>&1
}
if [ "$STAGE" = 2 ]; then inside; exit 97; fi

mkdir -p "$W/u" "$W/w" "$W/root"
GROUPS_MADE=() LEADER="" NAMESPACE=""
own() { awk -F: -v name="$1" '$2 == name { sub("/$", "", $3); print $3 }' /proc/self/cgroup; }
group() {  # group MOUNT NAME: a control group below our own, to be removed at the end
  local folder
  folder=/sys/fs/cgroup/$1$(own "$2")/mailarchiver-test-$$
  mkdir "$folder" && GROUPS_MADE+=("$folder")
}
stop() {
  local folder
  if [ -n "$LEADER" ] && kill -0 "$LEADER" 2>/dev/null; then
    kill -s RTMIN+4 "$LEADER"  # power off
    for _ in $(seq 200); do kill -0 "$LEADER" 2>/dev/null || break; sleep .05; done
    kill -KILL "$LEADER" 2>/dev/null
  fi
  if [ -n "$NAMESPACE" ]; then kill -KILL "$NAMESPACE" 2>/dev/null; wait "$NAMESPACE" 2>/dev/null; fi
  for folder in "${GROUPS_MADE[@]}"; do
    for _ in $(seq 60); do
      find "$folder" -depth -type d -exec rmdir {} \; 2>/dev/null
      [ -d "$folder" ] || break
      sleep .05
    done
  done
  rm -rf "$W"
}
trap stop EXIT
for name in $CONTROLLERS; do group "$name" "$name"; done
group systemd name=systemd
group unified ""
(
  for folder in "${GROUPS_MADE[@]}"; do echo "$BASHPID" >"$folder/cgroup.procs"; done
  STAGE=2 exec unshare --fork --pid --mount --ipc --uts --cgroup --kill-child --propagation private "$0" "$W"
) >"$W/log" 2>&1 </dev/null &
NAMESPACE=$!
for _ in $(seq 600); do
  LEADER=$(pgrep -P "$NAMESPACE" | head -1)
  if [ -n "$LEADER" ] && [ "$(cat "/proc/$LEADER/comm" 2>/dev/null)" = systemd ]; then
    case $(nsenter -t "$LEADER" -a systemctl is-system-running 2>/dev/null) in running | degraded) break ;; esac
  fi
  kill -0 "$NAMESPACE" 2>/dev/null || { cat "$W/log" >&2; exit 98; }
  sleep .05
done
echo "booted $LEADER"
cat >/dev/null  # until whoever started us is done
