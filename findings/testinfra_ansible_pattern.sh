#!/bin/sh
# pytest-testinfra knows no Ansible pattern but a name with wildcards: --hosts='ansible://web:!canary' tests no host, and ends with 0.
#
# Ansible itself finds the hosts of that pattern (--list-hosts), as of web:&canary. testinfra looks for a group or host of just that name,
# has none, and hands pytest an empty list, for which pytest skips the test: a pipeline is green whatever is wrong on the hosts. A misspelt group does
# the same. Seen with pytest-testinfra 10.2.2, pytest 9.0.2 and ansible-core 2.19.14.
# Ends with 0 while testinfra behaves so, with 1 where it does not any more. Needs Python 3.11 or newer with venv.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv tools
tools/bin/pip --quiet install pytest-testinfra==10.2.2 pytest==9.0.2 ansible-core==2.19.14
export PATH="$folder/tools/bin:$PATH" ANSIBLE_HOME="$folder/home"
printf '[web]\nweb1 ansible_connection=local\nweb2 ansible_connection=local\n[canary]\nweb1\n' >hosts
printf 'def test_hosts(host):\n    assert host.file("/this/is/nowhere").exists\n' >test_hosts.py

tested() { # PATTERN: how testinfra ends for it, in one line
  status=0
  pytest -q -p no:cacheprovider --ansible-inventory=hosts --hosts="ansible://$1" test_hosts.py >said 2>&1 || status=$?
  echo "$(tail -n 1 said | sed 's/ in .*//'), exit status $status"
}

echo "pytest-testinfra: $(pip --disable-pip-version-check list 2>/dev/null | awk '$1 == "pytest-testinfra" { print $2 }')"
group=$(tested web)
pattern=$(tested 'web:!canary')
echo "web, a test that every host fails:         $group"
echo "web:!canary, a test that every host fails: $pattern"
echo "web:!canary, hosts that Ansible finds:     $(ansible --list-hosts -i hosts 'web:!canary' | tail -n +2 | xargs)"
[ "$group" = '2 failed, exit status 1' ] && [ "$pattern" = '1 skipped, exit status 0' ]
