#!/bin/sh
# Builds the reference OS: dist/images/disk.img with 1.0.0 in slot A, and dist/images/2.0.0/update.crau.
#
# Usage: scripts/image.sh [ARGUMENT…]     Arguments go to `martlet image build`, such as --server URL.
# KEY=private.pem PUBLIC=public.pem name keys of your own; without them throw-away keys are made in dist/images.
set -eu
cd "$(dirname "$0")/.."

martlet=.build/release/martlet
output=dist/images
mkdir -p "$output"

if [ -z "${KEY:-}" ]; then
    KEY=$output/key.pem
    PUBLIC=$output/public.pem
    [ -e "$KEY" ] || "$martlet" key generate --output "$KEY" --public "$PUBLIC"
fi

"$martlet" image build --version 1.0.0 --output "$output" --key "${PUBLIC:?}" "$@"
"$martlet" image build --version 2.0.0 --output "$output/2.0.0" --key "$PUBLIC" --no-disk \
    --payload --signing-key "$KEY" "$@"
echo "Boot it: $martlet image run $output/disk.img"
