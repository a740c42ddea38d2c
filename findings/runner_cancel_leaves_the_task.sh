#!/bin/sh
# With ansible-core 2.19 a job that ansible-runner has canceled goes on: the task that runs is finished, with nobody to hear of it.
#
# ansible-runner ends the playbook's process group, and says canceled and 254. Workers of ansible-core 2.19 are sessions of their own, so the signal
# reaches them no more: an upgrade, or a reboot that somebody stopped in time, happens all the same. With 2.17 the task ends with its job.
# Seen with ansible-runner 2.4.3 and ansible-core 2.17.14 and 2.19.14.
# Ends with 0 while they behave so, with 1 where they do not any more. Needs Python 3.11 or newer with venv.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

canceled() { # CORE: what a job said that was canceled while its first task ran, and what was done of it
  python3 -m venv "core-$1"
  "core-$1/bin/pip" --quiet install ansible-runner==2.4.3 "ansible-core==$1"
  mkdir -p "job-$1/project" "job-$1/inventory"
  echo 'localhost ansible_connection=local ansible_python_interpreter="{{ ansible_playbook_python }}"' >"job-$1/inventory/hosts"
  cat >"job-$1/project/play.yml" <<PLAY
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.shell: echo begun >>$folder/done-$1; sleep 15; echo finished >>$folder/done-$1
    - ansible.builtin.shell: echo second task >>$folder/done-$1
PLAY
  PATH="$folder/core-$1/bin:$PATH" ANSIBLE_HOME="$folder/home" ansible-runner run "job-$1" --ident it -p play.yml >/dev/null 2>&1 &
  job=$!
  for _ in $(seq 240); do
    [ -e "done-$1" ] && break
    sleep 0.5
  done
  kill "$job"
  wait "$job" || true
  sleep 17
  echo "$(cat "job-$1/artifacts/it/status"), rc $(cat "job-$1/artifacts/it/rc"), done: $(xargs <"done-$1")"
}

older=$(canceled 2.17.14)
newer=$(canceled 2.19.14)
echo "ansible-core 2.17.14: $older"
echo "ansible-core 2.19.14: $newer"
[ "$older" = 'canceled, rc 254, done: begun' ] && [ "$newer" = 'canceled, rc 254, done: begun finished' ]
