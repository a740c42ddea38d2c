# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that age: certificates by their fingerprint, and what Microsoft has revoked. Data; nothing here decides.

Certificates: the files of microsoft/secureboot_objects (PreSignedObjects) and of virt-firmware 26.10. Revocations: dbx_info_msft_latest.json of
microsoft/secureboot_objects, the Authenticode digests by the machine that a program is for, the first eight bytes of each.
"""

import base64
import functools
from typing import Dict, FrozenSet

AS_OF = "2026-07-15"

# SHA-256 of the DER form: name.
CERTIFICATES = {
    "ed1fe72cb9ca31c9af5b757afcd733323d675825032e6ced7fe1ae9eb767998c": "canonical_master_ca",
    "c8644a61601db420d50911810f3831388b6f02363cf63bda77513cc003b81bc5": "centos_secure_boot_ca_1",
    "f1fdf7ae3924a187e0f30a502271cb8369f5f26b8032f026aef6fce7a113d1c4": "centos_secure_boot_ca_2",
    "3d9dd4d7d86e24f8e81d71e9a3f8eb6675e2eccce7e8fa2b6f79c31c01047244": "centos_secure_boot_ca_8",
    "079646974bce09b1f04da67bd722d1fb0947ae4c4010bccdbba52d5b23cbf1a2": "debian_secure_boot_ca",
    "a3b384810d48f1666d5df01c0684c5f5325b57ef5dee5223d9bf66aeefef332e": "fedora_ca_2020",
    "3cd3f0309edae228767a976dd40d9f4affc4fbd5218f2e8cc3c9dd97e8ac6f9d": "microsoft_kek_2k_ca_2023",
    "a1117f516a32cefcba3f2d1ace10a87972fd6bbe8fe0d0b996e09e65d802a503": "microsoft_kek_ca_2011",
    "e5be3e64c6e66a281457ecdece0d6d0787577aad2a3a0144262c10c14ba8d8f1": "microsoft_option_rom_uefi_ca_2023",
    "48e99b991f57fc52f76149599bff0a58c47154229b9f8d603ac40d3500248507": "microsoft_uefi_ca_2011",
    "f6124e34125bee3fe6d79a574eaa7b91c0e7bd9d929c1a321178efd611dad901": "microsoft_uefi_ca_2023",
    "7f122fab825041c2b0c67696bb151db6f39fed7df2d1104107f5b892b354ef5c": "red_hat_pk_kek",
    "9996c73616ee42f13396c9abfb4b646b538c3c80940474b710afdbe53bf17d32": "red_hat_secure_boot_ca_1",
    "40175d4c7c5ab4bd753a493f47952f1d8dcf1c219b836968a693e48bd4766135": "red_hat_secure_boot_ca_5",
    "72568059455c1774b3668b5fd67ba3578551925adfa52b6999cad549f52e46d6": "red_hat_secure_boot_ca_8",
    "f9f3c0fd5e666a40a859c276afd4e0756c32f6ea171a75af89dfb87d804ca209": "red_hat_test_certificate_insecure",
    "c9acbb9ef9054cf8ff920da618813187fbaf35ea1da6bb760b2ca0595e977654": "red_hat_uefi_ca_2024",
    "2f569e8edaf9657dc4951c29598725255c7f821472db71374211fe44d082546f": "windows_oem_devices_pk",
    "e8e95f0733a55e8bad7be0a1413ee23c51fcea64b3c8fa6a786935fddcc71961": "windows_production_pca_2011",
    "076f1fea90ac29155ebf77c17682f75f1fdd1be196da302dc8461e350a9ae330": "windows_uefi_ca_2023",
}
_NAMES = frozenset(CERTIFICATES.values())

# Entries of dbx that are no digests of files: the least version (SVN) of a program of Windows (microsoft/secureboot_objects, dbx_info_msft_latest).
_WINDOWS_PROGRAMS = {
    bytes.fromhex("01612b139dd5598843ab1c185c3cb2eb92"): "bootmgfw", bytes.fromhex("019d2ef8e827e15841a4884c18abe2f284"): "cdboot",
    bytes.fromhex("01c2ca99c9fe7f6f4981279e2a8a535976"): "wdsmgfw"}
DIGEST_BYTES = 8
# Base64, one digest after another.
_REVOKED: Dict[str, str] = {
    "x64": (
        "AH9MlRJXE7ECV/9xDyoW5ALmIWrK72QBAyj33RK1Uu8D30UAJzxDGAP2SimUioi+BAs7wznptvkF2H4VcTRUYQZdlLnqADl6BpDq29IwKVcG61ut0m5PrggKYn4xvckACLsiienp"
        "G00I0TpasXldRwko8ECL9yXmCfdpljHBjbAJ+YqpD4UZjAo8IHLvT72/CmIHB6zyOk4KdeoLHXDqpAvE8Hg4jUGrDAx4g3+nZ+sMUdeQb8STEQzgIQD2fH74DcJMdesa71YORCEr"
        "rfQNaw+joprQUTDXEG+s6s/s/U4QnJGALU7sqBDUX8ujlq7zEUKgzHyQBN8TYImrOn3GjBNkt7lKsqk+E6Hze+37VBcT26KER/2+PBR3MLQvEf5JFI/hj3Fan88VEJiNPczhIBXd"
        "L/ZBaFh5FlmO45txbtkXTjoLW0PGpheI2EqmHt5vF8K1uWaTzcIZ9McDCtdANRrshLhLbGWlG5CRFajUc+UctNzK8sgSzx2LWMH9uNqLHaU/Oix8Qckec/nc8jEWPB6R/D/uQLsr"
        "Hq7WLEq8slIfFgeMzgCd9h8XkYbv317yIAgrYQH419ohVU0fO/n1LSHyfYny533uIxQuFEJPs/8japyw1xlRwyP81r8whM7mJF6bgTQuReElCuC6hg1tRiZMvFdlcYoLJmwUKcjc"
        "OJQmeWUP40HyzycMhLKdhvFjKEEvoCgCo5MoQVPn0EqfGCiIePEui5xsKZIGjk9hby0pxutStDw6oSnMpFROozDWKxuezPWFsRwrIQKfoDNSbSsimOqia53EK5nPJkIukv4tWcKb"
        "BZ/lSi3Pjo2BcCPRLnCRZ4am93MupMtqHx6x0zEaKsVbUMCbMVOz4wVXVDkyaWfH/8G4bTKtMpaCm8RtMvWUDKKd2BIzJFCJD5yP/zQNoytYMxyONi7THSCx4AM2ejHlg4gxrTa3"
        "zbZWTFjLN2XXacBb+Ys3pIA3Ta9iAjhgt8f/b0vNOG1pXN8tRXY5n52mz1qHgzmr7Sk1iR7vOdvCKI70S18559qJypiZuDpPdL6vriuTOpHw+eUof6I652xFynDpGDsww+apI8u3"
        "O3aW32J63jA76OfrNI01wT45JvC4oVrVPs4ny7PsRDg/zpuf3z7wnT/p+NEe3KP8QArGbVm3sJRAi4s99auwQ0DWyuApc3iQQQJgsbb1r19BhYIfbatbqEHR7rF3wDJORQ7/yCfK"
        "U1pFYaiIcj712EWHa03YYdRbRZRXxI4bRQ1Fx8iudQrPu0ZnvyUM18GgR7MaHHhnZEtHzAhhJ+IGmkf3pfOCEoapR/8bY7FAtvxIvvqMq22+dEj0WE3hxexlSVMAeQ5sm/JKSHOj"
        "GaOj3kql8J9QIu77S4ZopdRlvN1M2uOSClEsnE8CFPzk+oiXUIcRQUWaIfpSo8pNuSPAZFORw6L7ESECVAYf9Q2RKW9UCAHdNF3Bw1TH2cKGcqEwV2kvwrgNgJpX5pE6+sxSIlho"
        "mMYM/1ObWJD6InEhx21Y+5Qa75WiWVoYTnQGV+IYWkewsR0v2c1bJI6RPXGFPVuJ8aokNaA9XCr+NL2KeutcOfDl4Of6O1xYBRlqhek3XR6ay7tKfQJeK7e8ixbguV5BuJ9/RxgG"
        "XllMRIdgoxNeZ78kCx0F9l6yx2hDslOsYVNcqhRHYfxhzsSjd79ZAmMfCFe0GEU2Y/Z4JP2pmHlkV1vZEniaLmViWhQ9Ig6hZYLcy4swXv5lsufMGNkDw2XzwKAbhALTZqoToO3C"
        "GThm0IA+JVDZ52cwyRHm2RAJaHPS9hwpvVJo7kYyx74cZmkbo0FOeGIlag6CRlS3R5FrQyjry+Ru2WtUSX/5kVppbGEb0ikm2HdsynXqBls1uWzh8phvDEZobP3bYgPyVNNtF03B"
        "Zz98+2276tI+jIYMberRMlffw8xu/v4LWwFHi29TzVv0NLGbcKFFCvKtOVVxtgHuN0bacXHykG/SIkl+csJvgnzrkphzavtd8p7JyHN4LimBxO7RdLOcIG3IoRx3zc/JZE+PgHgX"
        "ZBAhiKi0eDZGW9/652h4g4OkxzO7h3i07cqryNkJegKUugeiruN6wL1WlHsguHsqP1yW+VvYe5TwUF83sZt7yctUY84PAXwJ2LkLcrfCfHNypg1x4Eh+rICpFchM1H8pK86NyXtg"
        "f0nMswkyOxx/lkcwz7e4zn/d/gbETcQwgAQjzrfkdZaATjVMY2i7J4C02Wkxvw0CgS6w+i3xOoiBXZiu5JjPJ4Gossl1Gusfgdj7TJ4ueoKCrLpI1SNsz4LbO8609ghDg1iB8qVX"
        "LXCE1196iRPWbYUlVwCJCTHFhxdqFedmvQaIBs8Me9XffolNeDk2jzKYifPR9uSFwzSKMFxfvnxW+YpuaNhasA/XipZNX4NzlI2K1khZ8ZW19YwDSdcIVxrljB7baj9G0TyMtP2u"
        "iPT0kozphmFOcDchjVMys1BXereNjqKJz+cKHI2T1gxpGVlljlPv3BX4Us6O2KoDGZ3n1Y7edzIoTatKkGP1+8XleraQpINSa0I4xZCuxcSZVnSokPvnDmnWM0CRQeoaTmvx9JFQ"
        "CdHPnWi5kWVqpO9JOziRchqnYma1u5GXHBSXv45bkhhcJkKFdB+S+Fj2oCvSAZM1yd1wAaLsk/UjPplwp9uUFPX6WFOXjJRwePl8YZaWlQSfDkE3x5CVttcfwMD4xZYnXf1igqUi"
        "luRQlFDTgNqXg7XuRJLp6JelGglERGINl6jFuhHWH++ZKCDm7IxB2pktNZqnpfeJmVShqZ1V6LGZWe1OBeVItZlsHVWVXfs2mdetoNZ+UjOa+SVB5j6svJsfNQUs/F+wm0v4cNyw"
        "YQqbr09212v11pwln8swHV/HnQCuTNR6QcedfnF0woHGUp3S3LcvXnQWnhndZFI1NBqeUx0QCsCMKJ69qVVK1buentM/D7wYC8CfGGPtVxfDlJ+k1QI/1D7KoBB6Vk6TmJyg3pMz"
        "RCwb+aMw/eZcBnpfpLP+4yTSXFOk2Xi3xL2hVKYIqH9RvfdTqSTTytbaQrepg+c+V73wFKvuUiiS+hCyrNmwgwLA+pytFt4eK6Jxlq075YnAR06Xrh3Kiqt8S92udfDYK6Pfgq7r"
        "rjFRJxJzr3mxQGRgG8CxSbKeghHiSLG8XvT1x+j2s+UGNA+/a1e0IFCdDWmylLSTjtL/ABtztOGIBCX3hXu2fbjVPJJf67jWteeFe0WDuSrymNwIBJu5PwaZWY+LILl5FdqfBSd/"
        "ut/15PD+pxG7AdoDM7tjnLsd0W1TAAhju0T9jNBKvDu7SRnY8426kLx1+RD/Mg9cvdARJunYVxC91AhsAZ9dOL5DXffNKKoqvvdmO+XqTb+/yqQURfILVMFUfPkCVwIHwkaXWcGU"
        "fhTDKX41w6nvxMNQW/PsEKUdw6maRg2kZKDECb2sR3Wt2MQtEccMz16MxFKrhGBz31rEcBYaBua0UsVKQGCzp2+gxVvkoqasV0rF2dihhuLILcYXwaix7iqBxp1kpbg55BvIBWA8"
        "T6A4d8h1roqNtUQayH79BXSX+QPJDzNmF7jn+cnsNQQG8m5VymWpspFdmgXLNAARr+sNdMuVpNLg4Cpby5lLQAWQtmzL+iqGFE6yHcwgLo8nU+x1zHOW0cMGrfzMjuxuuSEsv82g"
        "tKWTkLNuzbfJDTq4gz3OGvn8zmrRnM5lwpUhzYSYzoxE4YX6qgPO910dqOmRrM8TokPBzS48z3+efQkQI6HP0qjyO7znQtATulEa7om60GPsKPZ+ulPRKSRVfH4nFNNywND0/cn1"
        "1BfABFJce7XUJBGQzVo2ndW8Efthm/zt1iYVfh1qcYvW7o23guNsr9h4F/djCbHk2JoR0WxIjdTY1Obd9uQtdNkkczasDRLK2WaKtSeFCGfaNWD9DDK1TNqZQydxdJYL2x5cYVKi"
        "jT7bNM+i9SOWVtuvngVtPVs427Qky4rTXubcfMjR3BHjBNyK/3+qnRoA3Mw84cAO5LDdWa9WCEQG492gEh3PFn2x3s9X1gnwKrTfAqq0g4ep4d+RrIWpT80M4FG3iOy67aXgYNoJ"
        "VhrgDeEb2/usRzaR4UyI3EgznAXhna6DwC5vKOJLMVpVFnFI4mHHhRGnfnTirsJxuVlqRuLPiBzwcZVF4238cZ0hFMLjf/P8Dv8gv+OYkfSLvMWT48XlXoQ3HT/kJXKvrHIPXeQn"
        "Bo+6ekTJ5iNtwe4HTAfmNwAlJiIbw+aFbxN/eZkt52gfFTEh6h7nwgs6tIHsiOfZvbzGi1vt6AA5Xb4OBFfoCKM37WkR7+iBhma34BS26ccbfNWk3wvp2HPLzt42NOqccsHOhl5g"
        "6v+MhcIIuk3rhvoThv5uRey3icFz4fpO7dLLVXJuEKvuCTkTq709TO5gb6LNaG237oOlZklhCafu1+Dv8u1Vnu+HvomkE2V98LPQ1MVFeIDxhj7It/Q/lPGXoXGgmrZA8bT2UTsN"
        "VErxytOsAFtX1vJUCHdG/bXZ8nevT5vckYryoW01tVRpQfMf1GHF6ZUQ9B2n3rmiFOb0jm3YcY6VO/TY6tbDJQMF9RvAuPzhuuf1L4Oj+pz71vWlQVrKEGxj9eiS3W7Ewt73SUdZ"
        "CoegBfjzjE/r6djk+g2TFXFSkCf6vDed85Xm9fsLvCVq6lz5/SPW5X3m9OH9MGI1jg4dxP1Fka3S5bBm/2rPvVliSZ//12iOfSuMPA=="
    ),
    "ia32": (
        "AeLajsWmkp0FcpAp75QMXgbGcPhXK/iaDYXaqkgbG+gXL6WEtO6lpRwZpaJAo2ETHVwVztc4Rbcfig4Tqt4IhSOg8d4E72eOJimuFLRn2l0renpNr8NeSSu/LKe48dkfLHPZMyW6"
        "bcsvmo62yOGOfjBmKPpUdzBXMQlJt/0mrw4yTL517zTgmjLUujoD0fK2NjOE0U0fLgs4QdIhNo0VgziQna8v4pu/OYmVdw0h6fY7AodTPgzD0D4aYCGzxgZuPjM96H0hEkdBzOD8"
        "RnYJykOX2sqDnn9jSQySckLMYidJRl1K1wFkLEqsCp4InfjpTuRaIXs4qMFPlPQMa0use1D5NAK2YSfYU0gHUymhCH5Ws9pyWesb7Fb7eaqybunQV66rU9sCzNFqFq2j/gxUaGsd"
        "E4B45EGKa55IBL+JNj5vFCj/ccnbDnGlcW3s8J/oc7rrjrC2QFZ/O90ukq5Be3/d/gbETcQwg5iU7TkbfIiJWpeF9hfKHYqlCftGHAmajsJUDO3dWS6Tmu709fpR4pQaUSOe1Ban"
        "l/nXtDnig5mYzIuR/sUlL5myvR/PF7Usng2QdPFGRh+eSmkXMWFoLqBZ1klgahH4peR2xLou2O+m8T87uBMtJKffzDqNarMPp/MvUI1OsP6oozAOM6Ciaa3MC2/W3FkRtSUxyENR"
        "62m1Tx7mNmMfrbfT48SpMP/8t+ovvT/u2jC5egiJBZwDX7myDpM+K2wzvYgjVb9oE8+/VQxvgmyWRsEn8O78LkUZwhYU4gexmR3CzJFVVhcXGsTr3EMEjEP1xjH64+ScjujPP3wk"
        "r21G4dFO5WFtyOx01FWjwITfZM/UctDcuj9d1teWUao6BJHT3fPkJhQZlE/mymjpQUZimunktaUfalV18CF0u3W8d03zNye1SpkIzvXTlvxa2Lfq9+TH+xB1WsX43SKBxnxZoP2+"
        "bEXyQUQh/d1uPSnqhMf+DliEbEBxf/7PsjLRLplL//QhqdzT7zg="
    ),
    "aa64": (
        "B17qBgWJVIsJ319OURII7A0NvspvKeygDcnz+5mWIUgYMzQp/wVi7TOcK88ERbqnNgjtuvWtD0E+go716ID+YmK3n7SgQFL8bIhUR43VWeJ33RkPow2I/4v0NLSeAMz3oaWcwnhC"
        "Rq2ki14xR32iSKa1FR82VdOiqzEec3ES5NOv4gMK+30s2rEz3kKjc3b1uPB42YOiSsS8h6Zo6BlmSMBTC63E0GbVyDyxOSKtmfXLa4WLQNOgmM47+r5Z1nzo1GXWOwOE8Wr03FpA"
        "0qnb2g=="
    ),
    "arm": (
        "ACG1sRzrA0AG4/ZGzrECNwe206qG0KjVB+bGqFhkb7ELSQitM8svfgu7Q5LarHq4DBiTOXYt8zYMpeYCRoJYsBmfPPmQgW1xGnR0DrvmoOcbmo0j/8IR7xvPFhHgzJLJHcij9Zsj"
        "zMQfU1mH6nOG3x+2Gf4VBO94IRYYO7q11pYhJY+jh3F3rCK1qI15uBRlIsOGdgamJQQmrKPJJwlXcijODa1QcwkAKpIQOGX7YPwuaSHclwqsQzXBaqK7Ta31Op5J5uZEwKtDgKQ6"
        "ewvhrEjNsxoW2JESSpscQ4vI8RRLWcbY6UQoxE+T7QWtfiC9UYgx/nOCtRRSzq2ljo0Uq1W5mw3lPbz+Wq/J9fmNt19a6UnqiFXrk2B4wPo32dNdYz+YBryWqDFkzMiG65nDCmuO"
        "7IKfA3OTcGuKggZSIS1yaz62VARqMHLgvRhnz12dcxoxzDbFp9d0kK1Gs66jLXXnjBl/+R9XeAPxLn4bcGN4J6+ZNiz68Hq1/4S3uApDfQt0rkLfc6B/lgLBI6CQu3/HGW67+g15"
        "gFXt7rGFYZKBqLllu4TTh4JazOBjS5GBhuk4TEH5M52IELNwA+fN2ooDlgvepqSVj9sIUbdjmzKR1W12WwILmZWMDbZR9OTMmZjTY8SRvhaaIoGOhMpc3p3ryhWfeJLVnghGTO+Z"
        "MUefE28VKiGIXZ8rcewv7Mk+oQnnGuOgN2yiJHGx0EwRyqNy2mbhXUVtpbz8dI2kFb2l4MHB/evmHKe3iKeElgc0qc4paag5gvitaCbhlG0m0687vwwnW91er5PVoiOPAdWyvq7K"
        "wb3kCbNE0vM+MKJes+r9624oCb22MqYobG+qZsBbklC9qOhrwy4F7vVNfqrJmetmOTUGyMn5wDQ0mX+9yhcdYUqNfhLLZyKZXUghrst7ur5umhGMy8u46B8c/uTQaaB7Ws3gBNCE"
        "rD/NgIk70orsl+KKONnXWTCNBH6SBthg09xNmkEu2MvrlzX1Zyva+HAG8mU5Cd1eTp8gzov43n92bkRU2hHfbsT1C+Kkt+Im1vOjMiOP5sY8mEvHVHPpLCLrO1ZC1u4KVOLdmEjX"
        "8qdEZCNSSOrzMPI8CXcqZPPTiVCjys9h9NfW8Ngg90n1WOBO+Zs5ofkj76ZhXOmp/HNgNOurAEf+Y6hPeCzJ0w=="
    ),
}


def name_of(fingerprint: str, common_name: str) -> str:
    """A certificate's name by its fingerprint; its own word for one that is not known, unless it calls itself as a known one is called here."""
    own = "" if common_name in _NAMES else common_name
    return CERTIFICATES.get(fingerprint) or own or fingerprint[:16]


def windows_version(digest: bytes) -> str:
    """bootmgfw 7.0 of an entry of dbx that says so, '' of a digest."""
    program = _WINDOWS_PROGRAMS.get(digest[:17])
    return "%s %d.%d" % (program, int.from_bytes(digest[19:21], "little"), int.from_bytes(digest[17:19], "little")) if program else ""


@functools.lru_cache(maxsize=4)
def revoked(machine: str) -> FrozenSet[bytes]:
    """The beginnings of the digests that Microsoft had revoked for a machine, with the project's data."""
    data = base64.b64decode(_REVOKED.get(machine, ""))
    return frozenset(data[at:at + DIGEST_BYTES] for at in range(0, len(data), DIGEST_BYTES))
