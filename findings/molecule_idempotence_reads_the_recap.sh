#!/bin/sh
# Molecule's idempotence step looks for changed=N in what ansible-playbook prints: with a callback that prints no recap, every scenario passes it.
#
# ansible.builtin.minimal, which a person may set for short logs, shows CHANGED in capitals and no recap, so a task that changes something in each run
# counts as idempotent, in `molecule test` too. ansible.builtin.oneline does the same, for the step knows no other sign than the recap of the default.
# Seen with molecule 26.10.0 and ansible-core 2.19.14.
# Ends with 0 while molecule behaves so, with 1 where it does not any more. Needs Python 3.11 or newer with venv.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv tools
tools/bin/pip --quiet install molecule==26.10.0 ansible-core==2.19.14
export PATH="$folder/tools/bin:$PATH" ANSIBLE_HOME="$folder/home"
mkdir -p molecule/default
printf -- '- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.command: /bin/true\n' >molecule/default/converge.yml

tested() { # CALLBACK: how `molecule test` ends where the only task is a change in each run
  cat >molecule/default/molecule.yml <<CONFIGURATION
driver: {name: default, options: {managed: false}}
platforms: [{name: localhost}]
provisioner:
  name: ansible
  config_options: {defaults: {stdout_callback: ansible.builtin.$1}}
  inventory: {host_vars: {localhost: {ansible_connection: local, ansible_python_interpreter: "{{ ansible_playbook_python }}"}}}
scenario: {test_sequence: [converge, idempotence]}
CONFIGURATION
  status=0
  molecule test >said 2>&1 || status=$?
  echo "exit status $status$(grep -q 'Idempotence test failed' said && echo ', Idempotence test failed')"
}

echo "molecule: $(molecule --version 2>/dev/null | head -n 1 | sed 's/\x1b\[[0-9;]*m//g')"
default=$(tested default)
minimal=$(tested minimal)
echo "ansible.builtin.default: $default"
echo "ansible.builtin.minimal: $minimal"
[ "$default" = 'exit status 1, Idempotence test failed' ] && [ "$minimal" = 'exit status 0' ]
