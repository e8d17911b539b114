"""routes.csv: which gateway takes which numbers, and what a minute costs there."""

import dataclasses
import hashlib
import re

FIELDS = (
    ("prefix", r"[0-9]{1,15}", "1 to 15 digits"),
    ("gateway", r"sips?:[A-Za-z0-9.:\[\]-]{1,150}(?:;[!#-+\--;=A-~]{0,50})?", "sip:HOST or sips:HOST without a user"),
    ("price", r"[0-9]{1,6}(?:\.[0-9]{1,6})?", "a decimal number such as 0.0123"),
    ("carrier", r"[ -~]{0,64}", "at most 64 printable characters of ASCII"),
)


@dataclasses.dataclass(frozen=True)
class Route:
    gateway: str  # "sip:gw.example.com:5060;transport=tcp"
    price: float  # per minute
    written: str  # the price as it stands in the file
    carrier: str
    line: int


class Routes:
    """The routes of a file. It raises ValueError with the line of a mistake."""

    def __init__(self, name, text):
        self.by_prefix = {}
        self.revision = hashlib.sha256(text.encode()).hexdigest()[:12]
        for number, line in enumerate(text.split("\n"), 1):
            line = line.strip()
            if line and not line.startswith("#"):
                self._add(f"{name}:{number}: ", number, [field.strip() for field in line.split(",")])
        if not self.by_prefix:
            raise ValueError(f"{name}: there is no route in it")

    def _add(self, where, number, values):
        if len(values) not in (3, 4):
            raise ValueError(f"{where}{len(values)} fields; want prefix, gateway, price and, if you like, carrier")
        for (field, pattern, want), value in zip(FIELDS, values):
            if not re.fullmatch(pattern, value):
                raise ValueError(f'{where}{field} "{value}" is not allowed; want {want}')
        prefix, gateway, price, carrier = (values + [""])[:4]
        routes = self.by_prefix.setdefault(prefix, [])
        for other in routes:
            if other.gateway.lower() == gateway.lower():
                raise ValueError(f"{where}prefix {prefix} by {gateway} is at line {other.line} already")
        routes.append(Route(gateway, float(price), price, carrier or gateway, number))

    def cheapest(self, digits):
        """The routes of a number, the cheapest first, one for each gateway: that of
        its longest prefix. At the same price, the first in the file is first."""
        best = {}
        for length in range(len(digits), 0, -1):
            for route in self.by_prefix.get(digits[:length], ()):
                best.setdefault(route.gateway.lower(), route)
        return sorted(best.values(), key=lambda route: (route.price, route.line))
