"""
The sandbox's DKIM key pair: published here, so public and worthless. It signs letters of the demo and of tests, which
trust it only because their own loopback resolver serves its public half; no real DNS does.
"""

from __future__ import annotations

SELECTOR = "sandbox"

PRIVATE_KEY = """\
-----BEGIN RSA PRIVATE KEY-----
MIIEowIBAAKCAQEApV+WhNriSQzJyqqDFKNH4YlOBRs1U6PhZcZ1aS2N1aKt7uYG
CYaPo5fF3YGkRy+tsVnmDxP+hXyI9J6buPXncfILoXW5J5SbHbPM6KdzNyHriUBD
py/DxvDyD3uDQaOCCdHuGByyYsNADWS5lj3YfsjMlqnFRqXuncamnJpGBJgdNFqP
aae/E10KAszka2+1Itvg/UimQYDpJOdMMq58qvlut7UKK1Qc7VTECwYAuB9UiZ0w
k2A7fDIWhHa2YmqSZVjfLyPUf1o9vZ6ePlTpwV556uBFjt5lFcheCqpnLT2tdSCO
aIvzIr1EY3NvyvRJ2PhV/NS/lYFHH2QkWaZ5bwIDAQABAoIBADT4Fo6sS2GpknLz
RbQVDp+Laq2RBvYo3jfKpu3O9QiyKDMGg3WGn7h/ExX9geB5QZG2YU2AEnywJG/x
46ANR5pENHx9aBZo73xGjIISrIFCwJ5AMss4reUpZOcXoTWjiTHbB3+6pVqj/n6r
vhQE8DS/3WP+sd0Mpg7sQ46SjY3HpQS90Mei7CkwVpjHVWw6t3UxDfMalIoEC3q4
93rpfmS3ypMwUU+xunhNYIK3Y0FyYCw1wmTJ/HOEqcuuMzisLOBTxtEAo8Pp3DQm
wAkSsQ7/k0t+/DAm+W0vGj+R9zW2BXDlDlvfazEXguC3iCVrOYeXbac7yW3btB1i
Y1gtsK0CgYEA33gRwFwRpAVixUftaEfuYL0/iYnF/gNgJLv4Onk+kzVZnv/UomPi
wYFN4L14PZfb8RfQwPcG7baCopV/9TkI6xnzJzlhsWL/NzbFOzn39Xn0PX7Ur0KE
cjP0un6++0LLugpGS9hj3u2J3QpIH07aVlXxh/jl8ybagBdXvPujW7UCgYEAvXJ9
8zaKzAI4o3AonLx7lVau8akHksDRsTYH5xjGbbdUtV7Nd0XwcYm5f4NJuW7FBKR3
GnlWV+5Rr0KLkfw5HYdtaYJ1FVEtsAfYwaZF0WK06TrswT4iuIsfgeEHXrlsP2VV
jXMtR4zlQYDPvZ9DJ2+fyw/lsVUOyt82Ss+U3xMCgYEAsof0dp+XoFiFLmNmcfd1
pGfNSQ5+1Y7Q0sgxalXO/kCTFwoAULRIRpwNIc19MIgQOS7zohY4vNUgzM9vaPRm
AZ27usyHFfanOu9Q5x5K0RzbWf3n4RTdR3fmvs/fuFEG/dyTiKiaMVHI4IUEVa7j
lDIZQq5A199klQ0RFXRccDkCgYB/DrSuU9xO6wZ1hxmV1UvFYve+GDF+GVgJ1EUE
lzcuCpEDe2uuHPggDdCdVr4xYbs9W9iNpudj3fBm7OiSpmjgBx44b0h7XZCYyQp1
BkE5J0xSSDTVfgjnYFdnUjcRLqcM9belQKQTosl3Xx70/EWbw1+WXzkb8AIVyhKt
pf8ghQKBgGWtQJU3UwsdDDdGtlVjNrD/3uVsVQnKrXfnIOihmoiuEcQzdx0kN5ff
60Svt0x3uFvQ93URJh6/kz09u/pgDpqu6EHAfm/x6Vx6LA3UFAYIjV09k82DuC1O
2QnFzwB2TN4YvPj478/gW1W+jIugyS/YDLZE4nFjarsnP8Hh7V1Z
-----END RSA PRIVATE KEY-----
"""

PUBLIC_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEApV+WhNriSQzJyqqDFKNH4YlOBRs1U6PhZcZ1aS2N1aKt7uYGCYaPo5fF"
    "3YGkRy+tsVnmDxP+hXyI9J6buPXncfILoXW5J5SbHbPM6KdzNyHriUBDpy/DxvDyD3uDQaOCCdHuGByyYsNADWS5lj3YfsjMlqnF"
    "RqXuncamnJpGBJgdNFqPaae/E10KAszka2+1Itvg/UimQYDpJOdMMq58qvlut7UKK1Qc7VTECwYAuB9UiZ0wk2A7fDIWhHa2YmqS"
    "ZVjfLyPUf1o9vZ6ePlTpwV556uBFjt5lFcheCqpnLT2tdSCOaIvzIr1EY3NvyvRJ2PhV/NS/lYFHH2QkWaZ5bwIDAQAB"
)

RECORD = "v=DKIM1; k=rsa; p=" + PUBLIC_KEY


def zone(*domains: str) -> dict[str, str]:
    """What `SandboxResolver` serves so that these domains' sandbox letters verify."""
    return {f"{SELECTOR}._domainkey.{domain}": RECORD for domain in domains or ("wayforpay.com.ua", "wayforpay.com")}
