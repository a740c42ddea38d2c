#!/bin/sh
# ansible-rulebook: a rule for a number never fires where an earlier rule of its rule set compares the same key with the same digits as text.
#
# Some senders write 1 and others "1", so a person gives each a rule. The engine takes `event.code == "1"` and `event.code == 1` for one test, the
# first of them, and both rules wait for text; the other way about both wait for a number. All that tells is a line about types that cannot be
# compared, which names the first rule. `or` within one rule is right. Seen with ansible-rulebook 1.3.2 and drools_jpy 0.4.1.
# Ends with 0 while ansible-rulebook behaves so, with 1 where it does not any more. Needs Python 3.11 or newer with venv, and Java 17 or newer.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv tools
tools/bin/pip --quiet install ansible-rulebook==1.3.2 drools_jpy==0.4.1 ansible-core==2.19.14
export PATH="$folder/tools/bin:$PATH" ANSIBLE_HOME="$folder/home"
echo 'localhost ansible_connection=local' >hosts

fired() { # EVENT CONDITION...: which of the conditions, each in a rule of its own, fire on the event
  {
    printf -- '- name: codes\n  hosts: all\n  sources: [{eda.builtin.generic: {payload: [%s], shutdown_after: 1}}]\n  rules:\n' "$1"
    shift
    for condition; do echo "    - {name: '$condition', condition: '$condition', action: {debug: {msg: 'fired by $condition'}}}"; done
  } >rules.yml
  ansible-rulebook --inventory hosts --rulebook rules.yml 2>/dev/null | sed -n 's/^fired by //p' | paste -s -d ';'
}

number='event.code == 1'
text='event.code == "1"'
echo "ansible-rulebook: $(ansible-rulebook --version | sed -n '1p')"
alone=$(fired '{code: 1}' "$number")
behind=$(fired '{code: 1}' "$text" "$number")
before=$(fired '{code: "1"}' "$number" "$text")
echo "code 1, $number alone:              $alone"
echo "code 1, $number behind $text: ${behind:-nothing fires}"
echo "code \"1\", $text behind $number: ${before:-nothing fires}"
[ "$alone" = "$number" ] && [ -z "$behind" ] && [ -z "$before" ]
