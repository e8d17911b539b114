// Least-cost routing: what the policy decides, without the network around it.
//
// A 3xx whose contact is a number (sip:+4930123456@anything, tel:+4930123456) does
// not say where to go: the number goes to the gateways that have a route for it,
// the cheapest first. Contacts that are no numbers are tried as they are.

import type { Attempt__Output as Attempt } from "./gen/redirect/v1/Attempt";
import type { Contact__Output as Contact } from "./gen/redirect/v1/Contact";
import type { ContactRef } from "./gen/redirect/v1/ContactRef";
import type { ContactVerdict } from "./gen/redirect/v1/ContactVerdict";
import type { DecideRequest__Output as DecideRequest } from "./gen/redirect/v1/DecideRequest";
import type { DecideResponse } from "./gen/redirect/v1/DecideResponse";
import type { Explanation } from "./gen/redirect/v1/Explanation";
import type { Redirect__Output as Redirect } from "./gen/redirect/v1/Redirect";
import type { Target } from "./gen/redirect/v1/Target";
import type { Routes } from "./routes";

export const VERSION = "1.0.0";
const MAX_TARGETS = 10;

// Which failures of a gateway go on to the next one. 486 is not among them: who
// is busy is busy by every gateway. Nor are 401 and 407: the caller has to answer.
const GOES_ON = [
  { first: 404, last: 404 },
  { first: 408, last: 408 },
  { first: 480, last: 480 },
  { first: 500, last: 599 },
];
// A gateway of which an attempt ended like this is down for the rest of the call.
const DOWN = ["OUTCOME_RESPONSE_TIMEOUT", "OUTCOME_TRANSPORT_ERROR", "OUTCOME_UNRESOLVABLE"];

const NUMBER = /^(?:sips?|tel):(?:\+|%2b)([0-9][-.()0-9]{0,31})(?:[;:@?][!-~]*)?$/i;
const PLACE = /^sips?:[!-~]+$/i;
const URI = /^(sips?:)(?:([^@]*)@)?([^;?]*)([^?]*)/i;
const TRANSPORT = /;transport=[^;]*/i;
const MAX_URI = 1000; // of a contact, so that an answer stays below the 64 KiB of the contract

type Outcome = [taken: boolean, text: string];

const isSips = (uri: string) => uri.slice(0, 5).toLowerCase() === "sips:";

/** Where a URI leads, and its user, to compare them: RFC 3261 section 19.1.4
 * without the rarer parameters. The edge compares to the letter. */
function parts(uri: string): [gateway: string, user: string] {
  const [, scheme, user = "", host, params] = URI.exec(uri) ?? [];
  if (scheme === undefined) return [uri, ""];
  const unescaped = user.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return [(scheme + host + (TRANSPORT.exec(params!)?.[0] ?? "")).toLowerCase(), unescaped.toLowerCase()];
}

const gatewayOf = (uri: string) => parts(uri)[0];
const identity = (target: Target) => [...parts(target.uri ?? ""), target.nextHop ?? "", ...(target.routes ?? [])].join(" ");

/**
 * One question on its way to an answer. All that it needs is in the question and
 * in the routes: the next one about this call may go to another replica.
 */
export class Decision {
  private readonly attempts: Attempt[];
  private readonly last: Attempt;
  private readonly limit: number;
  private readonly secure: boolean;
  private readonly seen: Set<string>; // identities of targets
  private readonly down: Set<string>; // gateways
  private readonly targets: Target[] = [];
  private readonly took: string[] = []; // the reasons of what is offered
  private readonly missed: string[] = []; // those against what is not
  private verdicts: ContactVerdict[] = [];

  constructor(
    private readonly routes: Routes,
    private readonly question: DecideRequest,
  ) {
    this.attempts = question.attempts;
    this.last = this.attempts.at(-1)!;
    this.seen = new Set(this.attempts.map((attempt) => identity(attempt.target ?? {})));
    const down = this.attempts.filter((attempt) => DOWN.includes(attempt.outcome));
    this.down = new Set(down.map((attempt) => gatewayOf(attempt.target?.uri ?? "")));
    // A call that came by SIPS, or was sent so, stays on SIPS.
    this.secure = isSips(question.call?.requestUri?.text ?? "") || isSips(this.last.target?.uri ?? "");
    this.limit = Math.min(MAX_TARGETS, question.edge?.attemptsLeft ?? MAX_TARGETS);
  }

  answer(): DecideResponse {
    if (this.question.redirect) return this.redirect(this.question.redirect);
    if (this.question.failure) return this.failure();
    return this.advice(this.question.advice?.response?.status ?? 0);
  }

  // --- the three events ---

  /** A 3xx came: its contacts by q, the highest first (sort() leaves those of the
   * same q in their order), then what an earlier answer has left. */
  private redirect(event: Redirect): DecideResponse {
    const status = event.response?.status ?? 0;
    const followed = status >= 300 && status <= 302;
    const { contacts } = event;
    const q = contacts.map((contact) => contact.qMilli ?? 1000);
    this.verdicts = contacts.map(() => ({}));
    for (const index of [...contacts.keys()].sort((a, b) => q[b]! - q[a]!)) {
      const ref = { attempt: this.attempts.length - 1, index };
      const [taken, text]: Outcome = followed ? this.contact(contacts[index]!, ref) : [false, `a ${status} is not followed`];
      this.conclude([taken, text]);
      this.verdicts[index] = { contact: ref, verdict: taken ? "VERDICT_TAKEN" : "VERDICT_DROPPED", rule: "least cost", text };
    }
    if (followed && contacts.length === 0) this.conclude(this.calledNumber()); // it names nobody
    this.offerRemaining();
    if (this.targets.length > 0) return this.tryTargets(`${status}`);
    const unknown = this.missed.length > 0 && this.missed.every((text) => text.startsWith("no route"));
    return this.reject(unknown ? 404 : 480, `${status}: ${this.nothing()}`);
  }

  /** A target failed, and the edge asks, as consultOnFailure told it to. */
  private failure(): DecideResponse {
    const outcome = this.last.outcome;
    const status = outcome === "OUTCOME_RESPONSE" ? (this.last.response?.status ?? 0) : 0;
    const name = status ? `${status}` : outcome;
    if (status && !GOES_ON.some(({ first, last }) => first <= status && status <= last)) {
      return this.passThrough("WHICH_BEST", status, `${name} ends the search`);
    }
    this.offerRemaining();
    if (this.targets.length > 0) return this.tryTargets(name);
    return this.passThrough("WHICH_BEST", status, `${name}: ${this.nothing()}`);
  }

  /** The redirect server had no contacts to give. A 6xx of it blocks the call, 401
   * and 407 are the caller's to answer; else the call goes on without it. */
  private advice(status: number): DecideResponse {
    if (status >= 600 || status === 401 || status === 407) {
      return this.passThrough("WHICH_REDIRECT", status, `${status} is for the caller`);
    }
    this.conclude(this.calledNumber());
    if (this.targets.length === 0 && this.question.edge?.features.includes("onward")) {
      const why = this.offer({ uri: this.question.call?.requestUri?.text ?? "", nextHop: "onward" });
      this.conclude([!why, why || "onward"]);
    }
    if (this.targets.length > 0) return this.tryTargets(`${status}`);
    return this.passThrough("WHICH_REDIRECT", status, `${status}: ${this.nothing()}`);
  }

  // --- what becomes a target; each returns whether something did, and why ---

  private contact(contact: Contact, ref: ContactRef): Outcome {
    const uri = contact.uri?.text ?? "";
    if (contact.unreadable) return [false, "the edge could not read it"];
    if (uri.length > MAX_URI) return [false, `longer than ${MAX_URI} characters`];
    const number = NUMBER.exec(uri);
    if (number) return this.number(number[1]!, ref, isSips(uri));
    if (!PLACE.test(uri)) return [false, "neither a number with a + nor a SIP URI"];
    const why = this.offer({ uri, contact: ref });
    return [!why, why || `contact ${ref.index! + 1} as it is`];
  }

  private calledNumber(): Outcome {
    const uri = this.question.call?.requestUri?.text ?? "";
    const number = uri.length <= MAX_URI ? NUMBER.exec(uri) : null;
    return number ? this.number(number[1]!, null) : [false, "the Request-URI is no number"];
  }

  /** Offers the gateways for a number, the cheapest first. */
  private number(written: string, ref: ContactRef | null, secure = false): Outcome {
    const digits = written.replace(/[^0-9]/g, "");
    const taken: string[] = [];
    let why = `no route for +${digits}`;
    for (const { gateway, carrier, written: price } of this.routes.cheapest(digits)) {
      const uri = gateway.replace(":", `:+${digits}@`);
      const refused = this.offer({ uri, label: carrier, contact: ref }, secure);
      if (refused) why = `+${digits} by ${carrier}: ${refused}`;
      else taken.push(`${carrier} at ${price}`);
    }
    return taken.length > 0 ? [true, `+${digits} by ${taken.join(", ")}`] : [false, why];
  }

  /** An answer replaces what the one before has left: it is offered again. */
  private offerRemaining(): void {
    const before = this.targets.length;
    for (const target of this.question.remaining) this.offer(target);
    const added = this.targets.length - before;
    if (added > 0) this.conclude([true, `${added} from before`]);
  }

  /** Adds a target to the answer, or returns why it is none. */
  private offer(target: Target, secure = false): string {
    const uri = target.uri ?? "";
    if ((this.secure || secure) && !isSips(uri)) return "never from SIPS to SIP";
    if (this.seen.has(identity(target))) return "tried or offered already";
    if (this.down.has(gatewayOf(uri))) return "down in this call";
    if (this.targets.length >= this.limit) return "no attempt is left";
    this.seen.add(identity(target));
    this.targets.push(target);
    return "";
  }

  private conclude([taken, text]: Outcome): void {
    (taken ? this.took : this.missed).push(text);
  }

  // --- answers ---

  /** An edge that names no feature at all has not said what it can do. */
  private can(feature: string): boolean {
    const features = this.question.edge?.features ?? [];
    return features.length === 0 || features.includes(feature);
  }

  private nothing(): string {
    return this.missed.length > 0 ? `nothing to try, ${this.missed[0]}` : "nothing to try";
  }

  private explain(rule: string, text: string): Explanation {
    return { rule, text, policyVersion: VERSION, configRevision: this.routes.revision, contacts: this.verdicts };
  }

  private tryTargets(seen: string): DecideResponse {
    return {
      tryTargets: {
        targets: this.targets,
        consultOnFailure: this.can("consult_on_failure"),
        advance: { statuses: GOES_ON, timeout: true, transportError: true },
        exhausted: { status: 480 },
        exhaustedOnlyIfNone: true, // else the caller gets the best response there was
      },
      explanation: this.explain("least cost", `${seen}: ${this.took.join("; ")}`),
    };
  }

  private reject(status: number, text: string): DecideResponse {
    if (status < 400 || status > 699 || (status === 408 && this.question.call?.method !== "INVITE")) {
      status = 480; // a 408 is for INVITE only (RFC 4320)
    }
    return { reject: { status }, explanation: this.explain("no target", text) };
  }

  private passThrough(which: "WHICH_BEST" | "WHICH_REDIRECT", status: number, text: string): DecideResponse {
    if (!this.can("pass_through")) return this.reject(status, text);
    return { passThrough: { which }, explanation: this.explain("pass through", text) };
  }
}
