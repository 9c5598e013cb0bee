#!/usr/bin/env bash
# Builds the fuzz targets into $OUT with their seeds, dictionary and options, as OSS-Fuzz and ClusterFuzzLite
# ask for it; ci/oss-fuzz tries it. $SANITIZER is `address` or `none`.
set -euo pipefail
cd "${SRC:?}/shakedown"

case ${SANITIZER:-address} in
    address) flavour=(--address) ;;
    none) flavour=() ;;
    *)
        echo "there is no build for SANITIZER=$SANITIZER; there are address and none" >&2
        exit 1
        ;;
esac
# These set FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION, in which OpenSSL takes a wrong Finished for a right one;
# ci/fuzz sets what coverage and sanitizers need.
unset CFLAGS CXXFLAGS RUSTFLAGS
folder=$(CLANG=${CC:-} ci/fuzz "${flavour[@]}" folder)
CLANG=${CC:-} ci/fuzz "${flavour[@]}" build

seeds=${WORK:?}/seeds
rm -rf "$seeds"
cargo run --profile "${SHAKEDOWN_PROFILE:-release}" --locked -- corpus --output "$seeds" >"$WORK/told"
list=$(cargo fuzz list)
for target in $list; do
    most=$(sed -n "s/^$target: .* at most \([0-9]*\) bytes.*/\1/p" "$WORK/told")
    cp "$folder/$target" "${OUT:?}/"
    cp "$seeds/tokens.dict" "$OUT/$target.dict"
    # Those that are kept in the tree too.
    if compgen -G "fuzz/seeds/$target/*" >/dev/null; then
        cp "fuzz/seeds/$target"/* "$seeds/$target/"
    fi
    rm -f "$OUT/${target}_seed_corpus.zip"
    (cd "$seeds/$target" && find . -type f | zip -q -@ "$OUT/${target}_seed_corpus.zip")
    # aws-lc and OpenSSL have constants of the same name.
    printf '[libfuzzer]\nmax_len = %d\ntimeout = 20\n[asan]\ndetect_odr_violation = 0\n' "${most:?}" \
        >"$OUT/$target.options"
done
