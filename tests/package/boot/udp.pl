# udp.pl send SOURCE ADDRESS PORT SECONDS    sends one datagram a millisecond or so; prints "sending", then how many the stack took
# udp.pl receive ADDRESS PORT SECONDS        prints "listening", then how many datagrams arrived from each source
use strict;
use warnings;
use IO::Socket::INET;
use Socket;

my ($mode, @arguments) = @ARGV;
if ($mode eq 'send') {
	my ($source, $address, $port, $seconds) = @arguments;
	my $socket = IO::Socket::INET->new(Proto => 'udp', LocalAddr => $source) or die "socket: $!";
	my $to = sockaddr_in($port, inet_aton($address));
	my ($sent, $end) = (0, time + $seconds);
	$| = 1;
	print "sending\n";
	while (time < $end) {
		$sent++ if defined $socket->send('x', 0, $to);
		select undef, undef, undef, 0.001;
	}
	print "$sent\n";
} else {
	my ($address, $port, $seconds) = @arguments;
	my $socket = IO::Socket::INET->new(Proto => 'udp', LocalAddr => $address, LocalPort => $port) or die "socket: $!";
	$| = 1;
	print "listening\n";
	my (%count, $readable);
	my $end = time + $seconds;
	while ((my $left = $end - time) > 0) {
		vec($readable, fileno $socket, 1) = 1;
		next unless select $readable, undef, undef, $left;
		my $from = $socket->recv(my $data, 16);
		next unless defined $from;
		my (undef, $host) = sockaddr_in($from);
		$count{inet_ntoa($host)}++;
	}
	print "$_ $count{$_}\n" for sort keys %count;
}
