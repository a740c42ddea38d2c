#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: run_settings
short_description: Check the settings of a run and say what they mean
version_added: 0.1.0
description:
  - Reads the settings of Firebreak's playbooks (C(firebreak_report_dir), C(firebreak_fail_on) and so on) from the variables, and says what
    they mean, whether they came as values or as the text of a survey, which may be blank, lines, JSON or YAML. A blank stands for the default.
  - Fails with one message that tells all mistakes, before anything is done. A template that was not rendered is a mistake.
  - Works on the controller without a connection; takes no options.
options: {}
extends_documentation_fragment:
  - firebreak.fleet._attributes
author: The Firebreak authors (@firebreak)
seealso:
  - module: firebreak.fleet.run_directory
"""

EXAMPLES = r"""
- name: Check what was asked before anything is done
  firebreak.fleet.run_settings:
  register: firebreak_asked
  run_once: true
  delegate_to: localhost

- name: Scan what was asked for
  firebreak.fleet.platform_scan:
    sections: "{{ firebreak_asked.settings.sections }}"
"""

RETURN = r"""
settings:
  description:
    - By the name without C(firebreak_) what each setting means.
    - Its key C(report) is the report that a playbook without hosts reads, the newest one where none was named.
  returned: success
  type: dict
  sample: {report_dir: "", fail_on: never, sections: [os, kernel]}
job:
  description: The number of the job of AWX; empty elsewhere.
  returned: success
  type: str
  sample: "4711"
workflow:
  description: The number of the workflow job that the job is a part of; empty elsewhere.
  returned: success
  type: str
  sample: ""
"""
