/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends COUNT frames out of an interface of this network namespace.
 *
 * generator fast OBJECT INTERFACE COUNT [MAC [SOURCES]]: as fast as possible, live frames of
 * BPF_PROG_TEST_RUN, redirected. With a MAC address the frames are valid and for that host, so that
 * they reach its IP layer. SOURCES: number of source addresses, 1,000 by default.
 *
 * generator steady OBJECT INTERFACE COUNT PER_SECOND: the same frames, ten bursts a second.
 *
 * generator paced INTERFACE COUNT PER_SECOND: through a packet socket, evenly; above 1,000 packets
 * per second in one burst per millisecond.
 *
 * generator gro INTERFACE: turns GRO on, so that a veth without an XDP program accepts redirected
 * frames.
 *
 * generator pass|drop|lru_limit OBJECT [INTERFACE native|generic]: loads the program of that name,
 * prints {"program": id}, and holds it until its input ends.
 *
 * The first three print {"sent": n, "elapsed_ns": n}. The first also prints "ns_per_packet", the
 * kernel's average of the time on the CPU, without the 20 ms in which it prepares such a run.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <netinet/ether.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "../program.h"
#include "frame.h"
#include "generate.h"

#define SECOND_NS	    1000000000ULL
#define BURSTS_PER_SEC	    1000
#define LIVE_BATCH	    64
#define LIVE_BURSTS_PER_SEC 10
#define USUAL_SOURCES	    1000
/* 16-bit words of the IP header: their number, and the indexes of checksum and source address. */
#define IP_WORDS       10
#define IP_CHECK_WORD  5
#define IP_SOURCE_WORD 6

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND_NS + now.tv_nsec;
}

static unsigned int index_of(const char *interface)
{
	unsigned int index = if_nametoindex(interface);

	if (!index)
		die(interface, errno);
	return index;
}

static void report(uint64_t sent, uint64_t begin)
{
	printf("{\"sent\": %lu, \"elapsed_ns\": %lu}\n", sent, now_ns() - begin);
}

/* The object's program of that name, loaded. */
static int load(const char *path, const char *name, struct generate_settings settings)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_map *constants;
	int error;

	if (!object)
		die(path, errno);
	constants = bpf_object__find_map_by_name(object, ".rodata");
	error = constants ? bpf_map__set_initial_value(constants, &settings, sizeof(settings)) : 0;
	if (!error)
		error = bpf_object__load(object);
	if (error)
		die("load generator", error);
	return bpf_program__fd(bpf_object__find_program_by_name(object, name));
}

/* Addresses the frame to a host. Returns the sum of the IP header for generate_settings. */
static unsigned int address_to(uint8_t *bytes, const char *mac)
{
	struct ether_addr *address = ether_aton(mac);
	unsigned int sum = 0, word;
	uint16_t value;

	if (!address)
		die(mac, EINVAL);
	memcpy(bytes, address, sizeof(*address));
	for (word = 0; word < IP_WORDS; word++) {
		if (word == IP_CHECK_WORD || word / 2 == IP_SOURCE_WORD / 2)
			continue;
		memcpy(&value, bytes + ETH_HLEN + 2 * word, sizeof(value));
		sum += value;
	}
	return sum;
}

static void send_fast(const char *path, const char *interface, uint64_t count, const char *mac,
		      unsigned int sources)
{
	struct generate_settings settings = {.target_ifindex = index_of(interface),
					     .sources = sources};
	uint8_t bytes[sizeof(frame)];
	uint64_t begin;
	int program;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = bytes, .data_size_in = sizeof(bytes),
		    .repeat = count, .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = LIVE_BATCH);

	memcpy(bytes, frame, sizeof(frame));
	if (mac)
		settings.header_sum = address_to(bytes, mac);
	program = load(path, "generate", settings);
	begin = now_ns();
	if (bpf_prog_test_run_opts(program, &options))
		die("live frames", errno);
	printf("{\"sent\": %lu, \"elapsed_ns\": %lu, \"ns_per_packet\": %u}\n", count,
	       now_ns() - begin, options.duration);
}

/* Evenly in bursts of a tenth of a second's: each run has its 20 ms of preparation. */
static void send_steadily(const char *path, const char *interface, uint64_t count,
			  uint64_t per_second)
{
	struct generate_settings settings = {.target_ifindex = index_of(interface),
					     .sources = USUAL_SOURCES};
	int program = load(path, "generate", settings);
	uint64_t begin = now_ns(), sent, burst = per_second / LIVE_BURSTS_PER_SEC;

	for (sent = 0; sent < count; sent += burst) {
		uint64_t at = begin + sent * SECOND_NS / per_second;
		struct timespec when = {.tv_sec = at / SECOND_NS, .tv_nsec = at % SECOND_NS};
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
			    .data_size_in = sizeof(frame), .repeat = burst,
			    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = LIVE_BATCH);

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
		if (bpf_prog_test_run_opts(program, &options))
			die("live frames", errno);
	}
	report(sent, begin);
}

static int packet_socket(const char *interface)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = index_of(interface)};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)))
		die("packet socket", errno);
	return fd;
}

static void send_paced(const char *interface, uint64_t count, uint64_t per_second)
{
	uint64_t burst = per_second > BURSTS_PER_SEC ? per_second / BURSTS_PER_SEC : 1;
	int fd = packet_socket(interface);
	uint8_t bytes[sizeof(frame)];
	uint64_t begin = now_ns(), sent;

	memcpy(bytes, frame, sizeof(frame));
	for (sent = 0; sent < count; sent++) {
		if (sent % burst == 0) {
			uint64_t at = begin + sent * SECOND_NS / per_second;
			struct timespec when = {.tv_sec = at / SECOND_NS,
						.tv_nsec = at % SECOND_NS};

			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
		}
		bytes[29] = sent % 250;
		/* ENOBUFS: the queue is full, as when another guest uses the CPU that empties it.
		 */
		while (send(fd, bytes, sizeof(bytes), 0) < 0)
			if (errno != ENOBUFS)
				die("send", errno);
	}
	report(sent, begin);
}

static void switch_gro_on(const char *interface)
{
	struct ethtool_value value = {.cmd = ETHTOOL_SGRO, .data = 1};
	struct ifreq request = {.ifr_data = (char *)&value};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &request))
		die("switch GRO on", errno);
}

static void hold(const char *path, const char *name, const char *interface, const char *mode)
{
	int program = load(path, name, (struct generate_settings){});
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);
	LIBBPF_OPTS(bpf_link_create_opts, options,
		    .flags = mode && !strcmp(mode, "generic") ? XDP_FLAGS_SKB_MODE
							      : XDP_FLAGS_DRV_MODE);

	if (bpf_obj_get_info_by_fd(program, &info, &length))
		die("program info", errno);
	if (interface) {
		int link = bpf_link_create(program, index_of(interface), BPF_XDP, &options);

		if (link < 0)
			die("attach", link);
	}
	printf("{\"program\": %u}\n", info.id);
	fflush(stdout);
	while (getchar() != EOF)
		;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	if (!strcmp(how, "fast") && argc >= 5 && argc <= 7)
		send_fast(argv[2], argv[3], strtoull(argv[4], NULL, 10), argc > 5 ? argv[5] : NULL,
			  argc > 6 ? strtoul(argv[6], NULL, 10) : USUAL_SOURCES);
	else if (!strcmp(how, "paced") && argc == 5)
		send_paced(argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
	else if (!strcmp(how, "steady") && argc == 6)
		send_steadily(argv[2], argv[3], strtoull(argv[4], NULL, 10),
			      strtoull(argv[5], NULL, 10));
	else if (!strcmp(how, "gro") && argc == 3)
		switch_gro_on(argv[2]);
	else if ((!strcmp(how, "pass") || !strcmp(how, "drop") || !strcmp(how, "lru_limit")) &&
		 (argc == 3 || argc == 5))
		hold(argv[2], how, argc == 5 ? argv[3] : NULL, argc == 5 ? argv[4] : NULL);
	else
		return fprintf(stderr, "generator fast|steady|paced|gro|pass|drop|lru_limit ...\n"),
		       2;
	return 0;
}
