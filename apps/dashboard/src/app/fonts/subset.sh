#!/bin/sh
# Subsets the fonts of the geist package into the two files next to this script: the characters of the pages, in the
# three weights in use. Needs fonttools and brotli from PyPI. Other Latin letters come from the package's own files,
# which a browser fetches only if a text contains one.
set -eu
cd "$(dirname "$0")"
from=../../../node_modules/geist/dist/fonts
characters='U+20-7E,U+B0,U+B1,U+B5,U+B7,U+D7,U+2013,U+2014,U+2018,U+2019,U+201C,U+201D,U+2026,U+2190-2193,U+2212,U+2264,U+2265'
limited=$(mktemp --suffix .ttf)
trap 'rm -f "$limited"' EXIT
for font in sans/Geist mono/GeistMono; do
  family=${font%/*}
  python3 -m fontTools.varLib.instancer --quiet --output "$limited" "$from/geist-$family/${font#*/}-Variable.woff2" wght=400:600
  python3 -m fontTools.subset "$limited" --unicodes="$characters" --layout-features=kern,tnum,zero --drop-tables+=meta \
    --flavor=woff2 --output-file="geist-$family.woff2"
done
