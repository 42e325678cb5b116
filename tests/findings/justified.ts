/** Captures in which something is found, and why that is right. */
export const JUSTIFIED: Readonly<Record<string, string>> = {
  'ndpi: synscan.pcap': 'a SYN scan of 1,000 ports with nmap, as its name says',
};
