# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How questions make the digest of a file by the algorithm that rpm used."""

from __future__ import annotations

# tool_of ALGORITHM: the tool that makes such digests, nothing where the host has none. The numbers are OpenPGP's (RFC 9580, 9.5), which rpm's tag
# FILEDIGESTALGO holds; of a package without the tag they are MD5.
# digest_of TOOL FILE
RPM_DIGESTS = r"""
        tool_of() {
          case $1 in 1|'(none)') echo md5sum ;; 2) echo sha1sum ;; 8) echo sha256sum ;; 9) echo sha384sum ;; 10) echo sha512sum ;;
            11) echo sha224sum ;; 12) command -v openssl >/dev/null && echo 'openssl dgst -r -sha3-256' ;;
            14) command -v openssl >/dev/null && echo 'openssl dgst -r -sha3-512' ;; esac
        }
        digest_of() { $1 <"$2" | cut -d' ' -f1; }"""
