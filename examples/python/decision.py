"""Least-cost routing: what the policy decides, without the network around it.

A 3xx whose contact is a number (sip:+4930123456@anything, tel:+4930123456) does
not say where to go: the number goes to the gateways that have a route for it,
the cheapest first. Contacts that are no numbers are tried as they are.
"""

import re
from urllib.parse import unquote

from redirect.v1 import redirect_pb2 as pb

VERSION = "1.0.0"
MAX_TARGETS = 10

# Which failures of a gateway go on to the next one. 486 is not among them: who
# is busy is busy by every gateway. Nor are 401 and 407: the caller has to answer.
GOES_ON = ((404, 404), (408, 408), (480, 480), (500, 599))
# A gateway of which an attempt ended like this is down for the rest of the call.
DOWN = (pb.OUTCOME_RESPONSE_TIMEOUT, pb.OUTCOME_TRANSPORT_ERROR, pb.OUTCOME_UNRESOLVABLE)

NUMBER = re.compile(r"(?:sips?|tel):(?:\+|%2b)([0-9][-.()0-9]{0,31})(?:[;:@?][!-~]*)?", re.IGNORECASE)
PLACE = re.compile(r"sips?:[!-~]+", re.IGNORECASE)
URI = re.compile(r"(sips?:)(?:([^@]*)@)?([^;?]*)([^?]*)", re.IGNORECASE)
TRANSPORT = re.compile(r";transport=[^;]*", re.IGNORECASE)
MAX_URI = 1000  # of a contact, so that an answer stays below the 64 KiB of the contract


def is_sips(uri):
    return uri[:5].lower() == "sips:"


def parts(uri):
    """Where a URI leads, and its user, to compare them: RFC 3261 section 19.1.4
    without the rarer parameters. The edge compares to the letter."""
    match = URI.match(uri)
    if not match:
        return uri, ""
    scheme, user, host, params = match.groups("")
    transport = TRANSPORT.search(params)
    return (scheme + host + (transport[0] if transport else "")).lower(), unquote(user, "latin-1").lower()


def gateway_of(uri):
    return parts(uri)[0]


def identity(target):
    return (*parts(target.uri), target.next_hop, *target.routes)


class Decision:
    """One question on its way to an answer. All that it needs is in the question
    and in the routes: the next one about this call may go to another replica."""

    def __init__(self, routes, question):
        self.routes, self.question = routes, question
        attempts, edge = question.attempts, question.edge
        self.targets, self.took, self.missed, self.verdicts = [], [], [], []
        self.seen = {identity(attempt.target) for attempt in attempts}
        self.down = {gateway_of(attempt.target.uri) for attempt in attempts if attempt.outcome in DOWN}
        # A call that came by SIPS, or was sent so, stays on SIPS.
        self.secure = is_sips(question.call.request_uri.text) or is_sips(attempts[-1].target.uri)
        self.limit = min(MAX_TARGETS, edge.attempts_left) if edge.HasField("attempts_left") else MAX_TARGETS

    def answer(self):
        event = self.question.WhichOneof("event")
        if event == "redirect":
            return self.redirect(self.question.redirect)
        if event == "failure":
            return self.failure(self.question.attempts[-1])
        return self.advice(self.question.advice.response.status)

    # --- the three events ---

    def redirect(self, event):
        """A 3xx came: its contacts by q, the highest first (sorted() leaves those of
        the same q in their order), then what an earlier answer has left."""
        status = event.response.status
        followed = status in (300, 301, 302)
        q = [contact.q_milli if contact.HasField("q_milli") else 1000 for contact in event.contacts]
        self.verdicts = [pb.ContactVerdict() for _ in q]
        for i in sorted(range(len(q)), key=lambda i: -q[i]):
            ref = pb.ContactRef(attempt=len(self.question.attempts) - 1, index=i)
            taken, text = self.contact(event.contacts[i], ref) if followed else (False, f"a {status} is not followed")
            self.conclude(taken, text)
            verdict = pb.ContactVerdict.VERDICT_TAKEN if taken else pb.ContactVerdict.VERDICT_DROPPED
            self.verdicts[i] = pb.ContactVerdict(contact=ref, verdict=verdict, rule="least cost", text=text)
        if followed and not q:  # it names nobody: the number that was called
            self.conclude(*self.called_number())
        self.offer_remaining()
        if self.targets:
            return self.try_targets(status)
        unknown = self.missed and all(text.startswith("no route") for text in self.missed)
        return self.reject(404 if unknown else 480, f"{status}: {self.nothing()}")

    def failure(self, last):
        """A target failed, and the edge asks, as consult_on_failure told it to."""
        status = last.response.status if last.outcome == pb.OUTCOME_RESPONSE else 0
        name = status or pb.Outcome.Name(last.outcome)
        if status and not any(low <= status <= high for low, high in GOES_ON):
            return self.pass_through(pb.PassThrough.WHICH_BEST, status, f"{name} ends the search")
        self.offer_remaining()
        if self.targets:
            return self.try_targets(name)
        return self.pass_through(pb.PassThrough.WHICH_BEST, status, f"{name}: {self.nothing()}")

    def advice(self, status):
        """The redirect server had no contacts to give. A 6xx of it blocks the call, 401
        and 407 are the caller's to answer; else the call goes on without it."""
        if status >= 600 or status in (401, 407):
            return self.pass_through(pb.PassThrough.WHICH_REDIRECT, status, f"{status} is for the caller")
        self.conclude(*self.called_number())
        if not self.targets and "onward" in self.question.edge.features:
            why = self.offer(pb.Target(uri=self.question.call.request_uri.text, next_hop="onward"))
            self.conclude(not why, why or "onward")
        if self.targets:
            return self.try_targets(status)
        return self.pass_through(pb.PassThrough.WHICH_REDIRECT, status, f"{status}: {self.nothing()}")

    # --- what becomes a target; each returns whether something did, and why ---

    def contact(self, contact, ref):
        uri = contact.uri.text
        if contact.unreadable:
            return False, "the edge could not read it"
        if len(uri) > MAX_URI:
            return False, f"longer than {MAX_URI} characters"
        number = NUMBER.fullmatch(uri)
        if number:
            return self.number(number[1], ref, secure=is_sips(uri))
        if not PLACE.fullmatch(uri):
            return False, "neither a number with a + nor a SIP URI"
        why = self.offer(pb.Target(uri=uri, contact=ref))
        return not why, why or f"contact {ref.index + 1} as it is"

    def called_number(self):
        uri = self.question.call.request_uri.text
        number = NUMBER.fullmatch(uri) if len(uri) <= MAX_URI else None
        return self.number(number[1], None) if number else (False, "the Request-URI is no number")

    def number(self, written, ref, secure=False):
        """Offers the gateways for a number, the cheapest first."""
        digits = re.sub("[^0-9]", "", written)
        taken, why = [], f"no route for +{digits}"
        for route in self.routes.cheapest(digits):
            scheme, host = route.gateway.split(":", 1)
            target = pb.Target(uri=f"{scheme}:+{digits}@{host}", label=route.carrier, contact=ref)
            refused = self.offer(target, secure)
            if refused:
                why = f"+{digits} by {route.carrier}: {refused}"
            else:
                taken.append(f"{route.carrier} at {route.written}")
        return bool(taken), f"+{digits} by {', '.join(taken)}" if taken else why

    def offer_remaining(self):
        """An answer replaces what the one before has left: it is offered again."""
        before = len(self.targets)
        for target in self.question.remaining:
            self.offer(target)
        if len(self.targets) > before:
            self.took.append(f"{len(self.targets) - before} from before")

    def offer(self, target, secure=False):
        """Adds a target to the answer, or returns why it is none."""
        if (self.secure or secure) and not is_sips(target.uri):
            return "never from SIPS to SIP"
        if identity(target) in self.seen:
            return "tried or offered already"
        if gateway_of(target.uri) in self.down:
            return "down in this call"
        if len(self.targets) >= self.limit:
            return "no attempt is left"
        self.seen.add(identity(target))
        self.targets.append(target)
        return ""

    def conclude(self, taken, text):
        (self.took if taken else self.missed).append(text)

    # --- answers ---

    def can(self, feature):
        """An edge that names no feature at all has not said what it can do."""
        return not self.question.edge.features or feature in self.question.edge.features

    def nothing(self):
        return "nothing to try" + (f", {self.missed[0]}" if self.missed else "")

    def explain(self, rule, text):
        return pb.Explanation(
            rule=rule, text=text, policy_version=VERSION, config_revision=self.routes.revision, contacts=self.verdicts
        )

    def try_targets(self, seen):
        return pb.DecideResponse(
            try_targets=pb.TryTargets(
                targets=self.targets,
                consult_on_failure=self.can("consult_on_failure"),
                advance=pb.AdvanceRule(
                    statuses=[pb.StatusRange(first=low, last=high) for low, high in GOES_ON],
                    timeout=True,
                    transport_error=True,
                ),
                exhausted=pb.FinalResponse(status=480),
                exhausted_only_if_none=True,  # else the caller gets the best response there was
            ),
            explanation=self.explain("least cost", f"{seen}: {'; '.join(self.took)}"),
        )

    def reject(self, status, text):
        if not 400 <= status <= 699 or (status == 408 and self.question.call.method != "INVITE"):
            status = 480  # a 408 is for INVITE only (RFC 4320)
        return pb.DecideResponse(reject=pb.FinalResponse(status=status), explanation=self.explain("no target", text))

    def pass_through(self, which, status, text):
        if not self.can("pass_through"):
            return self.reject(status, text)
        return pb.DecideResponse(pass_through=pb.PassThrough(which=which), explanation=self.explain("pass through", text))
