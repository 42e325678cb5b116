#!/usr/bin/env bash
# The guest's lab: a veth pair lab0, and lab1 in the namespace "far". No end asks for the other's address.
#   lab.sh devices   creates the pair; lab0 is down
#   lab.sh network   sets lab0 up while packets arrive: from 192.0.2.2, which the rules deny, and from 192.0.2.3
set -euo pipefail
cd /run

case $1 in
devices)
	ip netns add far
	ip link add lab0 address 02:00:00:00:00:01 type veth peer name lab1 address 02:00:00:00:00:02 netns far
	echo 1 >/proc/sys/net/ipv6/conf/lab0/disable_ipv6
	ip netns exec far sh -c "echo 1 >/proc/sys/net/ipv6/conf/lab1/disable_ipv6"
	ip address add 192.0.2.1/24 dev lab0
	ip -n far address add 192.0.2.2/24 dev lab1
	ip -n far address add 192.0.2.3/24 dev lab1
	ip -n far link set lo up
	ip -n far link set lab1 up
	ip -n far neighbour replace 192.0.2.1 lladdr 02:00:00:00:00:01 dev lab1 nud permanent
	;;
network)
	perl /root/proof/udp.pl receive 0.0.0.0 9 20 >/run/lab-received &
	receiver=$!
	until grep -q listening /run/lab-received; do sleep 0.05; done
	# The senders run before the interface is up.
	for source in 192.0.2.2 192.0.2.3; do
		ip netns exec far perl /root/proof/udp.pl send "$source" 192.0.2.1 9 8 >"/run/lab-sent-$source" &
	done
	until grep -q sending /run/lab-sent-192.0.2.2 && grep -q sending /run/lab-sent-192.0.2.3; do sleep 0.05; done
	cat /proc/uptime >/run/lab-up
	ip link set lab0 up
	wait "$receiver"
	;;
esac
