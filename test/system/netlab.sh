#!/usr/bin/env bash
# Hosts of a LAN that is nowhere but here: network namespaces on bridges, which have a namespace of their own. There is no
# default route unless one is asked for, and nothing leads out. Needs iproute2, nftables for losses, and root
# (CAP_SYS_ADMIN, CAP_NET_ADMIN).
#   netlab.sh lan N          hosts ${NL_PREFIX}1 to ${NL_PREFIX}N: `lo`, and `eth0` with 10.77.0.i/24 and fe80::/64
#   netlab.sh lans N         the same with `eth1` on a second bridge: 10.78.0.i/24
#   netlab.sh alone          host ${NL_PREFIX}1, which has `lo` and nothing else
#   netlab.sh route N        each of N hosts gets a default route, to a router that leads nowhere
#   netlab.sh loss N PERCENT each of N hosts loses so many of the frames that come in on eth0
#   netlab.sh down           takes away every namespace of this prefix, also after half a start
# NL_PREFIX has to be unique to the run: others may be at work on the same machine.
set -euo pipefail
prefix=${NL_PREFIX:?}

host() {
  ip netns add "$prefix$1"
  ip -n "$prefix$1" link set lo up
}

bridge() { # name address
  ip -n "${prefix}sw" link add "$1" type bridge mcast_snooping 0 forward_delay 0
  ip -n "${prefix}sw" link set "$1" up
  ip -n "${prefix}sw" addr add "$2" dev "$1"
}

plug() { # host interface bridge address
  ip link add name "$2" netns "$prefix$1" type veth peer name "$2-$1" netns "${prefix}sw"
  ip -n "${prefix}sw" link set "$2-$1" master "$3" up
  ip -n "$prefix$1" addr add "$4" brd + dev "$2"
  # An address that may be used at once: nobody here has the same.
  ip netns exec "$prefix$1" sysctl -qw "net.ipv6.conf.$2.accept_dad=0"
  ip -n "$prefix$1" link set "$2" up
}

case ${1:?} in
  lan | lans)
    host sw
    bridge br0 10.77.0.254/24
    if [[ $1 == lans ]]; then bridge br1 10.78.0.254/24; fi
    for ((i = 1; i <= ${2:?}; i++)); do
      host "$i"
      plug "$i" eth0 br0 "10.77.0.$i/24"
      if [[ $1 == lans ]]; then plug "$i" eth1 br1 "10.78.0.$i/24"; fi
    done
    ;;
  alone) host 1 ;;
  route)
    for ((i = 1; i <= ${2:?}; i++)); do ip -n "$prefix$i" route replace default via 10.77.0.254; done
    ;;
  loss)
    for ((i = 1; i <= ${2:?}; i++)); do
      ip netns exec "$prefix$i" nft -f - <<RULES
table netdev loss {
  chain in {
    type filter hook ingress device eth0 priority 0; policy accept;
    numgen random mod 100 < ${3:?} drop
  }
}
RULES
    done
    ;;
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
