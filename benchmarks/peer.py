"""checkdmarc on the parts that strictmx checks too: MX with TLS, MTA-STS, TLSRPT; one domain after the other, as it is.

    python peer.py NAMESERVER DOMAIN…

It prints one JSON line: domains, wall and CPU seconds after the
imports, and how many domains it found in order.
"""

from __future__ import annotations

import json
import sys
import time

from checkdmarc.mta_sts import check_mta_sts
from checkdmarc.smtp import check_mx
from checkdmarc.smtp_tls_reporting import check_smtp_tls_reporting


def in_order(domain: str, nameserver: str) -> bool:
    mx = check_mx(domain, nameservers=[nameserver], check_mx_tls=True)
    sts = check_mta_sts(domain, nameservers=[nameserver])
    reporting = check_smtp_tls_reporting(domain, nameservers=[nameserver])
    return all(host["tls"] for host in mx["hosts"]) and sts["valid"] and reporting["valid"]


if __name__ == "__main__":
    nameserver, *domains = sys.argv[1:]
    wall, cpu = time.perf_counter(), time.process_time()
    good = sum(in_order(domain, nameserver) for domain in domains)
    print(
        json.dumps(
            {
                "domains": len(domains),
                "good": good,
                "wall": time.perf_counter() - wall,
                "cpu": time.process_time() - cpu,
            }
        )
    )
