#!/usr/bin/env bash
# Publishes what bench/gpu/run.py runs on a machine without an SDK: the sample with the GPU and, where there is one, the GPU test project,
# both self-contained for linux-x64 in one folder, and that folder as one archive.
#
#   bench/gpu/publish.sh [arguments for dotnet publish, as -p:RestoreConfigFile=nuget.config where ILGPU comes from a feed of one's own]
#
# Writes artifacts/gpu/ and artifacts/gpu.tar.xz. Not trimmed: ILGPU reads the kernels' IL when the program runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

out=artifacts/gpu
rm -rf "$out" "$out.tar.xz"
for project in Samples/Llama.Gpu Tests/Gpu; do
    if ! compgen -G "$project/*.csproj" > /dev/null; then
        echo "$project: no such project, left out"
        continue
    fi
    dotnet publish "$project" -c Release -r linux-x64 --self-contained -o "$out" -p:PublishTrimmed=false "$@"
done
find "$out" -name '*.xml' -delete
mkdir -p "$out/bench"
cp bench/gpu/*.py "$out/bench/"
tar -C "$out" -c . | xz -T0 -6 > "$out.tar.xz"
du -sh "$out" "$out.tar.xz"
