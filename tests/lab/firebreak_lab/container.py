# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd-nspawn's command line for one container: services, no kernel of its own, a network of its own."""

import os
import socket
from pathlib import Path

from firebreak_lab.images import Image
from firebreak_lab.state import Host

SOCKET_UNIT = """[Unit]
Description=The lab's way in
[Socket]
ListenStream=127.0.0.1:{port}
Accept=yes
"""
SERVICE_UNIT = """[Unit]
Description=One connection of the lab
[Service]
ExecStart=-/usr/sbin/sshd -i
StandardInput=socket
RuntimeDirectory=sshd
RuntimeDirectoryPreserve=yes
"""


def listen(host: Host) -> None:
    """Open the host's port as file descriptor 3: systemd-nspawn hands it to the container's systemd, although that has another network."""
    listener = socket.create_server(("127.0.0.1", host.port))
    os.dup2(listener.fileno(), 3, inheritable=True)
    if listener.fileno() == 3:
        listener.detach()


def shown_files(host: Host, folder: Path) -> list[str]:
    """Write the files that make the tree a container that serves the handed port; systemd-nspawn's options that show them to it."""
    shown = {
        "etc/systemd/system/lab-ssh.socket": SOCKET_UNIT.format(port=host.port),
        "etc/systemd/system/lab-ssh@.service": SERVICE_UNIT,
        "etc/systemd/system/sockets.target.d/lab.conf": "[Unit]\nWants=lab-ssh.socket\n",
        # The tree's own names the disk of a machine.
        "etc/fstab": "",
    }
    for place, text in shown.items():
        (folder / Path(place).name).write_text(text)
    return [f"--bind-ro={folder / Path(place).name}:/{place}" for place in shown]


def command(host: Host, folder: Path, image: Image) -> list[str]:
    """systemd-nspawn for a host; what it changes in the tree is in memory and gone with it."""
    nspawn = [
        "systemd-nspawn", "--quiet", f"--directory={image.tree}", f"--machine={host.name}", "--volatile=overlay", "--register=no", "--keep-unit",
        "--private-network", "--link-journal=no", "--resolv-conf=off", "--timezone=off", "--console=pipe", *shown_files(host, folder), "--boot",
    ]
    # LISTEN_PID must be the id of systemd-nspawn itself, which only the process that becomes it knows.
    return ["sh", "-c", 'export LISTEN_FDS=1 LISTEN_PID=$$; exec setpriv --pdeathsig KILL "$@"', "sh", *nspawn]
