#!/bin/sh
# Makes the root of a container and keeps it while this process lives; container.ts runs it in namespaces of its own.
# Arguments: an empty folder, rw or ro, the addresses of its network, and pairs of a path and what is mounted there.
set -eu
scratch=$1 access=$2 addresses=$3
shift 3

# Whatever is mounted here stays here.
mount --make-rprivate /
mount -t tmpfs tmpfs "$scratch"
root=$scratch/root
mkdir "$scratch/upper" "$scratch/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" "$root"
for system in proc sys dev; do mount --rbind "/$system" "$root/$system"; done

while [ $# -gt 0 ]; do
  target=$root$1 source=$2
  shift 2
  if [ "$source" = tmpfs ]; then
    mkdir -p "$target"
    mount -t tmpfs -o mode=1777 tmpfs "$target"
  elif [ -d "$source" ]; then
    mkdir -p "$target"
    mount --rbind "$source" "$target"
  else
    mkdir -p "$(dirname "$target")"
    [ -e "$target" ] || : >"$target"
    mount --bind "$source" "$target"
  fi
done
[ "$access" = rw ] || mount -o remount,ro "$root"

if [ -n "$addresses" ]; then ip link set lo up; fi
for address in $addresses; do
  case $address in
  127.*) ;; # as soon as lo is up
  *) ip address add "$address/32" dev lo ;;
  esac
done
exec chroot "$root" sh -c 'echo ready; exec sleep infinity'
