#!/bin/sh
# ansible-runner process ends with 0 whatever became of the job: a playbook that failed, and a stream that holds no job at all.
#
# `run` and `worker` end with the playbook's own status, and the three parts of a job that is sent elsewhere are written as one pipe, so a
# person expects the pipe's last part to end as the job did. What tells is the file rc among the artifacts, and where no job came, its absence.
# Seen with ansible-runner 2.4.3 and ansible-core 2.19.14: worker 2, process 0, rc 2; for an empty stream process 0 and no file rc.
# Ends with 0 while ansible-runner behaves so, with 1 where it does not any more. Needs Python 3.11 or newer with venv.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv tools
tools/bin/pip --quiet install ansible-runner==2.4.3 ansible-core==2.19.14
export PATH="$folder/tools/bin:$PATH" ANSIBLE_HOME="$folder/home"
mkdir -p job/project job/inventory worker
echo 'localhost ansible_connection=local ansible_python_interpreter=auto_silent' >job/inventory/hosts
printf -- '- hosts: localhost\n  gather_facts: false\n  tasks:\n    - ansible.builtin.fail:\n        msg: it failed\n' >job/project/play.yml

ended() { # COMMAND...: with which status it ends
  if "$@" >/dev/null 2>&1; then echo 0; else echo $?; fi
}

echo "ansible-runner: $(ansible-runner --version)"
ansible-runner transmit job -p play.yml >sent
worker=$(ended sh -c 'ansible-runner worker --private-data-dir worker <sent >back')
process=$(ended sh -c 'ansible-runner process received <back')
empty=$(ended sh -c 'ansible-runner process nothing </dev/null')
echo "a playbook that failed: worker ends with $worker, process with $process, artifacts/rc says $(cat received/artifacts/rc)"
echo "an empty stream: process ends with $empty, artifacts/rc is $([ -e nothing/artifacts/rc ] && echo there || echo absent)"
[ "$worker" = 2 ] && [ "$process" = 0 ] && [ "$(cat received/artifacts/rc)" = 2 ] && [ "$empty" = 0 ] && [ ! -e nothing/artifacts/rc ]
