#!/bin/sh
# Draws every icon from its source in icons/source. The results are committed: building the app needs no icon tool.
set -eu
cd "$(dirname "$0")"
draw() { npx --yes @tauri-apps/cli@2 icon "$@" >/dev/null 2>&1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

draw source/app.svg --output "$scratch/app"
for file in 32x32.png 128x128.png 128x128@2x.png icon.png icon.ico icon.icns; do
    cp "$scratch/app/$file" "$file"
done

mkdir -p tray
for source in source/tray-*.svg; do
    name=$(basename "$source" .svg)
    draw "$source" --png 64 --output "$scratch/$name"
    cp "$scratch/$name/64x64.png" "tray/${name#tray-}.png"
done
