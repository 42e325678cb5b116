/**
 * Names of services by port: the better known ones of IANA's registry "Service Name and Transport Protocol Port
 * Number", and common ones that it does not list. A local table; names are not looked up elsewhere.
 */
import { hasPorts } from '../record/field-names.ts';

/**
 * `port name` where TCP and UDP agree, with `/tcp` or `/udp` where they differ. A name that occurs twice stands for its
 * first port.
 */
const SERVICES = `
1 tcpmux/tcp|7 echo|9 discard|11 systat/tcp|13 daytime|15 netstat/tcp|17 qotd|19 chargen|20 ftp-data/tcp|21 ftp/tcp
22 ssh|23 telnet/tcp|25 smtp/tcp|37 time|43 whois/tcp|49 tacacs|53 domain|67 bootps/udp|68 bootpc/udp|69 tftp/udp
70 gopher/tcp|79 finger/tcp|80 http|88 kerberos|102 iso-tsap/tcp|104 acr-nema/tcp|106 poppassd/tcp|110 pop3/tcp
111 sunrpc|113 auth/tcp|119 nntp/tcp|123 ntp/udp|135 epmap|137 netbios-ns|138 netbios-dgm|139 netbios-ssn/tcp
143 imap2/tcp|161 snmp|162 snmp-trap|163 cmip-man|164 cmip-agent|174 mailq/tcp|177 xdmcp/udp|179 bgp/tcp|194 irc
199 smux/tcp|209 qmtp/tcp|210 z3950/tcp|213 ipx/udp|220 imap3/tcp|318 pkix-timestamp|319 ptp-event/udp
320 ptp-general/udp|345 pawserv|369 rpc2portmap|370 codaauth2|371 clearcase/udp|383 hp-alarm-mgr|389 ldap|401 ups
427 svrloc|434 mobile-ip/udp|443 https|444 snpp/tcp|445 microsoft-ds|464 kpasswd|465 submissions/tcp|487 saft/tcp
496 pim-rp-disc|500 isakmp/udp|502 modbus/tcp|512 exec/tcp|512 biff/udp|513 login/tcp|513 who/udp|514 shell/tcp
514 syslog/udp|515 printer/tcp|517 talk/udp|518 ntalk/udp|520 route/udp|521 ripng/udp|523 ibm-db2|530 courier/tcp
538 gdomap|540 uucp/tcp|543 klogin/tcp|544 kshell/tcp|546 dhcpv6-client/udp|547 dhcpv6-server/udp|548 afpovertcp/tcp
554 rtsp|563 nntps/tcp|587 submission/tcp|593 http-rpc-epmap/tcp|601 syslog-conn/tcp|607 nqs/tcp|623 asf-rmcp/udp
625 dec-dlm|628 qmqp/tcp|631 ipp|636 ldaps|639 msdp/tcp|646 ldp|655 tinc|666 doom|674 acap/tcp|688 realm-rusd
698 olsr/udp|700 epp/tcp|706 silc|749 kerberos-adm/tcp|750 kerberos4/udp|751 kerberos-master|754 krb-prop/tcp
765 webster/tcp|783 spamd/tcp|802 mbap-s/tcp|830 netconf-ssh/tcp|832 netconf-tls/tcp|847 dhcp-failover2/tcp|853 domain-s
860 iscsi/tcp|861 owamp-control|862 twamp-control|873 rsync/tcp|902 vmware-auth/tcp
989 ftps-data/tcp|990 ftps/tcp|992 telnets/tcp|993 imaps/tcp|995 pop3s/tcp
1080 socks/tcp|1093 proofd|1094 rootd|1194 openvpn|1099 rmiregistry/tcp|1113 ltp-deepspace/udp|1167 conference
1214 kazaa|1241 nessus|1311 rxmon/tcp|1352 lotusnote|1433 ms-sql-s|1434 ms-sql-m|1494 ica/tcp
1512 wins|1521 oracle/tcp|1524 ingreslock/tcp|1645 datametrics/udp|1646 sa-msg-port/udp|1649 kermit/tcp|1701 l2f/udp
1719 h323gatestat|1720 h323hostcall/tcp|1723 pptp/tcp|1755 ms-streaming|1812 radius|1813 radius-acct|1863 msnp/tcp
1883 mqtt/tcp|1900 ssdp/udp|1935 rtmp/tcp|1957 unix-status/tcp|1958 log-server/tcp|1967 ipsla/udp|1985 hsrp/udp
1993 snmp-tcp-port/tcp|2000 cisco-sccp|2010 search|2049 nfs|2055 netflow/udp
2086 gnunet|2101 rtcm-sc104|2102 zephyr-srv/udp|2103 zephyr-clt/udp|2104 zephyr-hm/udp|2119 gsigatekeeper/tcp
2121 iprop/tcp|2123 gtp-control/udp|2135 gris/tcp|2152 gtp-user/udp|2181 zookeeper/tcp|2368 opentable
2375 docker/tcp|2376 docker-s/tcp|2377 docker-swarm/tcp|2379 etcd-client/tcp|2380 etcd-server/tcp|2401 cvspserver/tcp
2404 iec-104/tcp|2427 mgcp-gateway|2430 venus|2483 oracle-ttc|2484 oracle-ttcs|2583 mon|2628 dict/tcp
2638 sybaseanywhere|2727 mgcp-callagent|2811 gsiftp/tcp|2905 m3ua|2944 megaco-h248|2947 gpsd/tcp|2948 wap-push
3050 gds-db/tcp|3074 xbox|3128 squid/tcp|3130 icpv2/udp|3200 sap-dispatch/tcp
3205 isns|3222 glbp/udp|3260 iscsi-target/tcp|3268 msft-gc/tcp|3269 msft-gc-ssl/tcp|3283 net-assistant|3288 cops
3306 mysql/tcp|3389 ms-wbt-server|3478 stun|3493 nut|3544 teredo/udp|3632 distcc/tcp|3659 apple-sasl
3689 daap/tcp|3690 svn/tcp|3702 ws-discovery/udp|3784 bfd-control/udp|3785 bfd-echo/udp|3868 diameter
4031 suucp/tcp|4045 nfs-lock|4070 tripe|4094 sysrqd|4190 sieve/tcp|4222 nats/tcp|4240 cilium-health/tcp|4369 epmd/tcp
4373 remctl|4444 krb524/udp|4460 ntske/tcp|4500 ipsec-nat-t/udp|4505 salt-publish/tcp|4506 salt-request/tcp
4557 fax/tcp|4559 hylafax/tcp|4569 iax/udp|4662 edonkey/tcp|4739 ipfix|4784 bfd-multi-ctl/udp|4789 vxlan/udp
4840 opcua-tcp/tcp|4899 radmin-port/tcp|4949 munin/tcp|5002 rfe|5004 rtp/udp|5005 rtcp/udp
5044 beats/tcp|5050 mmcc|5051 enbd-cstatd/tcp|5060 sip|5061 sip-tls|5093 sentinel-lm/udp|5190 aol/tcp
5201 iperf3|5222 xmpp-client/tcp|5223 hpvirtgrp/tcp|5228 gcm/tcp|5246 capwap-control/udp|5247 capwap-data/udp
5269 xmpp-server/tcp|5308 cfengine|5349 stuns|5351 nat-pmp/udp|5353 mdns/udp|5355 llmnr|5357 wsdapi/tcp
5432 postgresql/tcp|5500 fcp-addr-srvr1|5556 freeciv/tcp|5601 kibana/tcp|5631 pcanywheredata/tcp
5632 pcanywherestat/udp|5666 nrpe/tcp|5667 nsca/tcp|5671 amqps/tcp|5672 amqp|5683 coap|5684 coaps|5693 ncpa/tcp
5800 vnc-http/tcp|5900 vnc/tcp|5938 teamviewer|5984 couchdb/tcp|5985 winrm/tcp|5986 winrm-s/tcp|6000 x11/tcp
6001 x11-1/tcp|6081 geneve/udp|6343 sflow/udp|6346 gnutella-svc|6347 gnutella-rtr|6379 redis/tcp|6432 pgbouncer/tcp
6443 kube-apiserver/tcp|6444 sge-qmaster/tcp|6445 sge-execd/tcp|6514 syslog-tls/tcp
6566 sane-port/tcp|6633 openflow-old/tcp|6653 openflow|6667 ircd/tcp|6696 babel/udp|6697 ircs/tcp
6771 bt-lpd/udp|6881 bittorrent|7001 afs3-callback/udp|7077 spark/tcp|7411 packetlog/tcp|7474 neo4j/tcp
7547 cwmp/tcp|7687 bolt/tcp|7946 docker-gossip|8021 zope-ftp/tcp|8080 http-alt/tcp
8081 tproxy/tcp|8086 influxdb/tcp|8088 omniorb/tcp|8090 atlassian/tcp|8123 clickhouse-http/tcp|8125 statsd/udp
8140 puppet/tcp|8200 vault/tcp|8291 winbox/tcp|8300 consul-rpc/tcp|8301 consul-lan|8302 consul-wan|8333 bitcoin/tcp
8443 https-alt/tcp|8472 vxlan-linux/udp|8500 consul-http/tcp|8600 consul-dns|8883 secure-mqtt/tcp
8983 solr/tcp|8990 clc-build-daemon/tcp|9001 tor-orport/tcp|9042 cassandra/tcp|9050 tor-socks/tcp
9090 prometheus/tcp|9091 transmission/tcp|9092 kafka/tcp|9093 alertmanager/tcp|9098 xinetd/tcp|9100 jetdirect/tcp
9101 bacula-dir/tcp|9102 bacula-fd/tcp|9103 bacula-sd/tcp|9200 elasticsearch/tcp|9300 elastic-node/tcp|9389 adws/tcp
9418 git/tcp|9443 tungsten-https/tcp|9667 xmms2/tcp|9993 zerotier/udp|9999 distinct/tcp|10000 webmin/tcp
10050 zabbix-agent/tcp|10051 zabbix-trapper/tcp|10080 amanda|10081 kamanda/tcp|10082 amandaidx/tcp|10083 amidxtape/tcp
10250 kubelet/tcp|10256 kube-proxy/tcp|10809 nbd/tcp|11112 dicom/tcp|11211 memcached|11371 hkp/tcp|13720 bprd/tcp
15672 rabbitmq-http/tcp|16509 libvirt/tcp|17001 sgi-cmsd/udp|17500 db-lsp|19132 minecraft-be/udp|19999 netdata/tcp
20000 dnp|22273 wnn6/tcp|24554 binkp/tcp|25565 minecraft/tcp|25672 rabbitmq-dist/tcp|26257 cockroachdb/tcp
27015 steam|27017 mongodb/tcp|30865 csync2/tcp|32400 plex/tcp|33434 traceroute/udp|33848 jenkins-disc/udp
41641 tailscale/udp|44818 ethernet-ip|47808 bacnet/udp|50000 db2/tcp|51820 wireguard/udp
57000 dircproxy/tcp|60177 tfido/tcp|60179 fido/tcp|64738 mumble
`;

interface Services {
  readonly tcp: ReadonlyMap<number, string>;
  readonly udp: ReadonlyMap<number, string>;
  readonly ports: ReadonlyMap<string, number>;
}

let services: Services | undefined;

/** Builds the table on first use. */
function table(): Services {
  if (services !== undefined) return services;
  const [tcp, udp, ports] = [new Map<number, string>(), new Map<number, string>(), new Map<string, number>()];
  for (const [, digits, name, only] of SERVICES.matchAll(/(\d+) ([a-z0-9-]+)(?:\/(tcp|udp))?/g)) {
    const port = Number(digits);
    const word = name as string;
    if (only !== 'udp' && !tcp.has(port)) tcp.set(port, word);
    if (only !== 'tcp' && !udp.has(port)) udp.set(port, word);
    if (!ports.has(word)) ports.set(word, port);
  }
  // Common aliases.
  for (const [word, port] of ALIASES) ports.set(word, port);
  services = { tcp, udp, ports };
  return services;
}

const ALIASES: ReadonlyMap<string, number> = new Map([
  ['dns', 53],
  ['www', 80],
  ['kerberos5', 88],
  ['rpcbind', 111],
  ['imap', 143],
  ['snmptrap', 162],
  ['smb', 445],
  ['smtps', 465],
  ['rdp', 3389],
  ['postgres', 5432],
  ['quic', 443],
]);

const UDP = 17;
const UDP_LITE = 136;

/** Returns the service at a port of this IP protocol: `https` for (6, 443). SCTP uses TCP's names, UDP-Lite UDP's. */
export function serviceName(ip_protocol: number, port: number): string | undefined {
  if (!hasPorts(ip_protocol)) return undefined;
  const { tcp, udp } = table();
  return (ip_protocol === UDP || ip_protocol === UDP_LITE ? udp : tcp).get(port);
}

/** Returns the port of a service, for any protocol. `name` is in lower case. */
export function servicePort(name: string): number | undefined {
  return table().ports.get(name);
}

/** Returns every name that `servicePort` accepts, in order of ports. */
export function serviceNames(): readonly string[] {
  return [...table().ports.keys()];
}
