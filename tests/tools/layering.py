# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The beginning of the shell scripts that make a host of the test's own: a layer over this machine's root file system, or over another root."""

# Run it in a mount namespace of its own: all of it is gone with that.
LAYER = r"""
set -eu
mount --make-rprivate /
layer() { # FOLDER [LOWER]: FOLDER/root is LOWER (this machine's root), and what is changed there stays in memory
    mount -t tmpfs tmpfs "$1"
    mkdir "$1/upper" "$1/work" "$1/root"
    mount -t overlay overlay -o "lowerdir=${2:-/},upperdir=$1/upper,workdir=$1/work" "$1/root"
    # What an engine would have left, where this machine itself was started from a container's image.
    rm -f "$1/root/.dockerenv" "$1/root/run/.containerenv"
}
"""
