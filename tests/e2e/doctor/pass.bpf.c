/* The program of another tool, which permits every packet. */
#include <linux/bpf.h>

#define SEC(name) __attribute__((section(name), used))

SEC("xdp") int other_tool(struct xdp_md *context)
{
	(void)context;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
