#!/bin/sh
# Installs PacketLog from this directory, for distributions without dpkg. Starts nothing. Needs glibc 2.28 or later,
# libstdc++, libatomic and libbpf.so.1.
#   ./install.sh                     installs
#   ./install.sh --uninstall         removes the program; rules, state and settings stay
#   ./install.sh --uninstall --purge removes everything
set -eu
here=$(cd "$(dirname "$0")" && pwd)
uninstall=no purge=no
for argument in "$@"; do
	case $argument in
	--uninstall) uninstall=yes ;;
	--purge) purge=yes ;;
	*)
		sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
done
if [ "$(id -u)" -ne 0 ]; then
	echo "install.sh: cannot write to /usr and /etc: this needs root. Run: sudo $0 $*" >&2
	exit 1
fi

if [ "$uninstall" = yes ]; then
	sh "$here/maintainer/prerm" remove
	(cd "$here" && find usr ! -type d) | while read -r path; do rm -f "/$path"; done
	rm -rf /usr/lib/packetlog /usr/share/doc/packetlog
	rm -f /etc/fail2ban/action.d/packetlog.conf /etc/logrotate.d/packetlog
	[ "$purge" = no ] || sh "$here/maintainer/postrm" purge
	exit 0
fi

for library in libbpf.so.1 libatomic.so.1 libstdc++.so.6; do
	if ! { ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | grep -qF "$library "; then
		echo "install.sh: $library is missing. Install it (Fedora, RHEL: libbpf, libatomic, libstdc++; Arch: libbpf, gcc-libs), then run install.sh again." >&2
		exit 1
	fi
done
if ! "$here/usr/lib/packetlog/bin/node" --version >/dev/null 2>&1; then
	echo "install.sh: its programs do not run on this machine ($(uname -m)). Download the .tar.gz for this processor." >&2
	exit 1
fi
before=''
if [ -e /usr/lib/packetlog ]; then
	before=installed
	# The running loader leaves its program attached for the next one.
	sh "$here/maintainer/prerm" upgrade
fi
# Remove the old files first, so that none stays that this version does not have.
rm -rf /usr/lib/packetlog
(cd "$here" && tar -cf - usr) | tar -xf - -C / --no-same-owner
mkdir -p /etc/packetlog
# Settings of this package, and of other programs that are installed.
(cd "$here" && find etc -type f) | while read -r path; do
	[ -e "/$path" ] || [ ! -d "/$(dirname "$path")" ] || cp "$here/$path" "/$path"
done
sh "$here/maintainer/postinst" configure "$before"
if [ -n "$before" ] && [ -d /run/systemd/system ] && systemctl --quiet is-active packetlog.service; then
	echo "Upgraded, and the service restarted."
	exit 0
fi
echo "Installed. To start: systemctl enable --now packetlog. To print the dashboard's URLs: packetlog url"
