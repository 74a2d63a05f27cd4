#!/usr/bin/env bash
# Hosts of a LAN that is nowhere but here: network namespaces on one bridge, which has a namespace of its own. There is no
# default route, and nothing leads out. Needs iproute2, and root (CAP_SYS_ADMIN, CAP_NET_ADMIN).
#   netlab.sh lan N    hosts ${NL_PREFIX}1 to ${NL_PREFIX}N: `lo`, and `eth0` with 10.77.0.i/24
#   netlab.sh alone    host ${NL_PREFIX}1, which has `lo` and nothing else
#   netlab.sh down     takes away every namespace of this prefix, also after half a start
# NL_PREFIX has to be unique to the run: others may be at work on the same machine.
set -euo pipefail
prefix=${NL_PREFIX:?}

host() {
  ip netns add "$prefix$1"
  ip -n "$prefix$1" link set lo up
}

case ${1:?} in
  lan)
    host sw
    ip -n "${prefix}sw" link add br0 type bridge mcast_snooping 0 forward_delay 0
    ip -n "${prefix}sw" link set br0 up
    for ((i = 1; i <= ${2:?}; i++)); do
      host "$i"
      ip link add name eth0 netns "$prefix$i" type veth peer name "p$i" netns "${prefix}sw"
      ip -n "${prefix}sw" link set "p$i" master br0 up
      ip -n "$prefix$i" addr add "10.77.0.$i/24" brd + dev eth0
      ip -n "$prefix$i" link set eth0 up
    done
    ;;
  alone) host 1 ;;
  down)
    ip netns list | while read -r name _; do
      if [[ $name == "$prefix"* ]]; then ip netns del "$name"; fi
    done
    ;;
  *)
    echo "netlab.sh: what is $1?" >&2
    exit 2
    ;;
esac
