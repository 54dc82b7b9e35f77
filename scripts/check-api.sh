#!/bin/sh
# Holds the OpenAPI document against a running server, with schemathesis: every route gets requests that fit the document
# and requests that do not, and what it answers must be what the document promises. Then machines are driven against it.
#
#   scripts/check-api.sh            about a minute after the build
#
# SEED=1              another number makes other requests
# EXAMPLES=4          how many for each route and kind
# CHECK_SECONDS=40    at most so long for each of the two rounds
#
# The programs are those of `make build`. schemathesis comes from PyPI, into .build/schemathesis.
set -eu

cd "$(dirname "$0")/.."
programs=.build/release
tools=.build/schemathesis
version=4.32.5
seed=${SEED:-1}
examples=${EXAMPLES:-4}
seconds=${CHECK_SECONDS:-40}

fail() {
    echo "check-api.sh: $1" >&2
    exit "${2:-70}"
}

for program in martlet martlet-server; do
    [ -x "$programs/$program" ] || fail "there is no $programs/$program: run “make build” first" 69
done
if [ "$("$tools/bin/schemathesis" --version 2>/dev/null)" != "schemathesis, version $version" ]; then
    rm -rf "$tools"
    python3 -m venv "$tools" || fail "python3 makes no environment: run “make check-api”" 69
    timeout 300 "$tools/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version" ||
        fail "schemathesis cannot be installed from PyPI" 69
fi

work=$(mktemp -d)
server=
end() {
    status=$?
    trap - EXIT INT TERM
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$work"
    exit "$status"
}
trap end EXIT
trap 'exit 130' INT TERM

"$programs/martlet-server" serve --data "$work/data" --listen 127.0.0.1:0 2>"$work/server.log" &
server=$!
tries=600
while [ ! -s "$work/data/listen-address" ]; do
    kill -0 "$server" 2>/dev/null && [ $tries -gt 0 ] || fail "the server did not start: $(tail -n 3 "$work/server.log")"
    tries=$((tries - 1))
    sleep 0.1
done
url=http://$(cat "$work/data/listen-address")
token=$(cat "$work/data/admin-token")
operate() { timeout 60 "$programs/martlet" --server "$url" --token-file "$work/data/admin-token" --quiet "$@"; }

# A fleet, so that requests find what they name.
head -c 65536 "$programs/martlet" >"$work/small.img"
"$programs/martlet" payload create --quiet --format 1 --target "$work/small.img" --output "$work/small.crau" >/dev/null
operate app create --id '{e96281a6-d1af-4bde-9a0a-97b76e56dc57}' --name os >/dev/null
for release in 1.0.0 2.0.0; do
    operate release create --app os $release >/dev/null
    operate payload add --app os --release $release --arch amd64 "$work/small.crau" >/dev/null
    operate channel set --app os stable $release >/dev/null
done
operate group create --app os --track stable --channel stable --max-in-progress 30 all >/dev/null
operate fleet run --machines 60 --turns 8 --failing 5 --silent 10 --lying 10 >/dev/null

cat >"$work/schemathesis.toml" <<END
# What a schema cannot say (a ramp that goes back, a channel that is in use) is refused with these.
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "412", "422", "424"]
# A body may be too long before anybody looks whether it fits.
negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "424"]
END
cp "$work/schemathesis.toml" "$work/known.toml"
cat >>"$work/known.toml" <<END
[parameters]
"path.application" = "os"
"path.group" = "all"
"path.channel" = "stable"
"path.machine" = "fake-1"
END

# Omaha is XML and has fuzzers of its own.
check() { # NAME CONFIGURATION FLAGS…
    name=$1
    configuration=$2
    shift 2
    timeout $((seconds * 2 + 60)) "$tools/bin/schemathesis" --config-file "$work/$configuration.toml" run "$url/api/v1/openapi.json" \
        --header "Authorization: Bearer $token" --exclude-path /v1/update --exclude-path '/v1/update/{secret}' \
        --phases coverage,fuzzing \
        --seed "$seed" --max-examples "$examples" --max-time "$seconds" --request-timeout 10 --no-shrink \
        --continue-on-failure --warnings off "$@" >"$work/$name.log" 2>&1 || {
        cat "$work/$name.log" >&2
        tail -n 20 "$work/server.log" >&2
        fail "the server and its document disagree: see above"
    }
    echo "check-api.sh: $name: $(grep -E '^ +[0-9]+ generated' "$work/$name.log" | sed 's/^ *//')"
    kill -0 "$server" 2>/dev/null || fail "the server died: $(tail -n 20 "$work/server.log")"
}
# The token in use would be revoked in the midst: that route comes last.
check "known names" known --exclude-operation-id revokeToken
check "any names" schemathesis --exclude-operation-id revokeToken
# The fleet is what it was: a list tells how long it is beside its items.
operate --json machine list --limit 1 >"$work/list"
grep -q '"total" : [1-9]' "$work/list" || fail "a list does not tell how long it is: $(cat "$work/list")"
operate token create --role admin last >/dev/null
check "revoking tokens" schemathesis --include-operation-id revokeToken
