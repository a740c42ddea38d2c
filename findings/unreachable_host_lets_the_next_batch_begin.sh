#!/bin/sh
# Where a host of a batch cannot be reached, neither any_errors_fatal nor max_fail_percentage keeps Ansible from the next batch.
#
# With both a failed host ends the play, as one expects. An unreachable one counts nothing for max_fail_percentage. any_errors_fatal does
# stop its batch, and the next is changed all the same; so it is with a host that fails beside it, by either keyword. A change that cuts hosts off (a
# firewall, a kernel without its network driver) so goes through the whole fleet. Seen with ansible-core 2.19.14.
# Ends with 0 while Ansible behaves so, with 1 where it does not any more. Needs Python 3.11 or newer with venv, ssh, and a free port 1.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv tools
tools/bin/pip --quiet install ansible-core==2.19.14
export PATH="$folder/tools/bin:$PATH" ANSIBLE_HOME="$folder/home"
touch ansible.cfg
for address in 'ansible_connection=local' 'ansible_host=127.0.0.1 ansible_port=1'; do
  cat >"hosts_${address##*=}" <<HOSTS
first_one $address
first_two ansible_connection=local
first_three ansible_connection=local
second_one ansible_connection=local
second_two ansible_connection=local
[all:vars]
ansible_python_interpreter="{{ ansible_playbook_python }}"
HOSTS
done

changed() { # KEYWORD HOSTS FAILS: how many of the second batch's two hosts are changed by a play with the keyword, in which the host FAILS does fail
  cat >play.yml <<PLAY
- hosts: all
  gather_facts: false
  serial: 3
  $1
  tasks:
    - ansible.builtin.command: test {{ inventory_hostname }} != $3
PLAY
  ansible-playbook -i "$2" play.yml 2>/dev/null | grep -c '^second_.* ok=1 ' || true
}

seen=''
for keyword in 'any_errors_fatal: true' 'max_fail_percentage: 0'; do
  failed=$(changed "$keyword" hosts_local first_two)
  unreachable=$(changed "$keyword" hosts_1 nobody)
  both=$(changed "$keyword" hosts_1 first_two)
  echo "$keyword: changed in the second batch, where in the first one host fails: $failed, one is unreachable: $unreachable, both: $both"
  seen="$seen $failed $unreachable $both"
done
[ "$seen" = ' 0 2 2 0 2 2' ]
