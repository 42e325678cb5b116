# A simulated service manager for service.test.ts: prints each datagram of sd_notify(3) as one line. Node has no such
# sockets. Usage: perl notify-receiver.pl PATH
use strict;
use warnings;
use IO::Socket::UNIX;
use Socket qw(SOCK_DGRAM);

my $socket = IO::Socket::UNIX->new(Local => $ARGV[0], Type => SOCK_DGRAM) or die "$ARGV[0]: $!";
$| = 1;
print "listening\n";
while (defined $socket->recv(my $datagram, 4096)) {
	$datagram =~ s/\n/ /g;
	print "$datagram\n";
}
