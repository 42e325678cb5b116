/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP connections that send in turns: one sends a piece while the others are idle.
 *
 *   stream receive PORT BYTES ADDRESS..   accepts a connection on each address and prints {}
 *   stream send PORT BYTES ADDRESS..      connects to each, prints {}, and for each line with an
 *                                         index of an address sends BYTES there
 *
 * A piece ends when the receiver has read all of it. Prints {"elapsed_ns", "sender_cpu_ns",
 * "receiver_cpu_ns"} for each. CPU times are those of the two threads, including the kernel's work
 * that is charged to them (softirqs, but not ksoftirqd). Both exit at the end of the sender's
 * input.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "../program.h"

#define SECOND_NS	1000000000ULL
#define MAX_CONNECTIONS 8
/* As in iperf3. */
#define BUFFER_BYTES 131072

static char buffer[BUFFER_BYTES];

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * SECOND_NS + now.tv_nsec;
}

static struct sockaddr_in address_of(const char *text, const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};

	if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
		die(text, EINVAL);
	return address;
}

static int tcp_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket", errno);
	return fd;
}

/* Returns false at the end of the connection. */
static bool read_all(int fd, void *into, size_t into_bytes, uint64_t bytes)
{
	while (bytes) {
		ssize_t got = read(fd, into, bytes < into_bytes ? bytes : into_bytes);

		if (got < 0)
			die("read", errno);
		if (!got)
			return false;
		bytes -= got;
	}
	return true;
}

static void write_all(int fd, const void *from, size_t from_bytes, uint64_t bytes)
{
	while (bytes) {
		ssize_t put = send(fd, from, bytes < from_bytes ? bytes : from_bytes, MSG_NOSIGNAL);

		if (put < 0)
			die("send", errno);
		bytes -= put;
	}
}

static void answer(const char *line)
{
	printf("%s\n", line);
	fflush(stdout);
}

static void receive(uint64_t piece, const char *port, char **addresses, int count)
{
	struct pollfd polled[MAX_CONNECTIONS];
	int i, yes = 1;

	for (i = 0; i < count; i++) {
		struct sockaddr_in address = address_of(addresses[i], port);
		int fd = tcp_socket();

		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
		if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1))
			die(addresses[i], errno);
		polled[i] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
	answer("{}");
	for (i = 0; i < count; i++) {
		int fd = accept(polled[i].fd, NULL, NULL);

		if (fd < 0)
			die("accept", errno);
		close(polled[i].fd);
		polled[i].fd = fd;
	}
	for (;;) {
		if (poll(polled, count, -1) < 0)
			die("poll", errno);
		for (i = 0; i < count; i++) {
			uint64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);

			if (!polled[i].revents)
				continue;
			if (!read_all(polled[i].fd, buffer, sizeof(buffer), piece))
				return;
			cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
			write_all(polled[i].fd, &cpu_ns, sizeof(cpu_ns), sizeof(cpu_ns));
		}
	}
}

static void send_piece(int fd, uint64_t piece)
{
	uint64_t begin = clock_ns(CLOCK_MONOTONIC), cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	uint64_t receiver_cpu_ns;

	write_all(fd, buffer, sizeof(buffer), piece);
	if (!read_all(fd, &receiver_cpu_ns, sizeof(receiver_cpu_ns), sizeof(receiver_cpu_ns)))
		die("the receiver's answer", ECONNRESET);
	printf("{\"elapsed_ns\": %lu, \"sender_cpu_ns\": %lu, \"receiver_cpu_ns\": %lu}\n",
	       clock_ns(CLOCK_MONOTONIC) - begin, clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns,
	       receiver_cpu_ns);
	fflush(stdout);
}

static void send_pieces(uint64_t piece, const char *port, char **addresses, int count)
{
	int fds[MAX_CONNECTIONS], i;
	char line[16];

	for (i = 0; i < count; i++) {
		struct sockaddr_in address = address_of(addresses[i], port);

		fds[i] = tcp_socket();
		if (connect(fds[i], (struct sockaddr *)&address, sizeof(address)))
			die(addresses[i], errno);
	}
	answer("{}");
	while (fgets(line, sizeof(line), stdin)) {
		i = atoi(line);
		if (i < 0 || i >= count)
			die("index of an address", EINVAL);
		send_piece(fds[i], piece);
	}
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	int addresses = argc - 4;

	if (addresses < 1 || addresses > MAX_CONNECTIONS)
		return fprintf(stderr, "stream receive|send PORT BYTES ADDRESS..\n"), 2;
	if (!strcmp(how, "receive"))
		receive(strtoull(argv[3], NULL, 10), argv[2], argv + 4, addresses);
	else if (!strcmp(how, "send"))
		send_pieces(strtoull(argv[3], NULL, 10), argv[2], argv + 4, addresses);
	else
		return fprintf(stderr, "stream receive|send PORT BYTES ADDRESS..\n"), 2;
	return 0;
}
