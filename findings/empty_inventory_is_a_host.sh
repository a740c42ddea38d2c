#!/bin/sh
# An inventory file that holds `{}` is a host whose name is {}: nothing is said, and whoever asks for all hosts gets one.
#
# So a generated inventory of a fleet without machines, or of a filter that matched none, is a run against a machine that does not exist. The reader of
# YAML passes an empty mapping on, and the reader of INI takes the line for a name. `{"all": {}}` has no hosts.
# Seen with ansible-core 2.19.14.
# Ends with 0 while it behaves so, with 1 where it does not any more. Needs Python 3.11 or newer with venv.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip --quiet install ansible-core==2.19.14
export ANSIBLE_HOME="$folder/home" PATH="$folder/env/bin:$PATH"
unset ANSIBLE_CONFIG ANSIBLE_INVENTORY
echo '{}' >empty.json
echo '{"all": {}}' >all.json

hosts() { # INVENTORY: the hosts that it has, and what is said about it
  ansible-inventory -i "$1" --graph 2>&1 | sed -n 's/^.*|--\([^@]*\)$/\1/p; s/^.*WARNING.*$/a warning/p' | paste -s -d ' '
}

for inventory in empty.json all.json; do
  echo "$inventory: hosts '$(hosts "$inventory")'"
done
[ "$(hosts empty.json)" = '{}' ] && [ -z "$(hosts all.json)" ]
