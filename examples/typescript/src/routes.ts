// routes.csv: which gateway takes which numbers, and what a minute costs there.

import { createHash } from "node:crypto";

export interface Route {
  gateway: string; // "sip:gw.example.com:5060;transport=tcp"
  price: number; // per minute
  written: string; // the price as it stands in the file
  carrier: string;
  line: number;
}

const FIELDS: [name: string, pattern: RegExp, want: string][] = [
  ["prefix", /^[0-9]{1,15}$/, "1 to 15 digits"],
  ["gateway", /^sips?:[A-Za-z0-9.:[\]-]{1,150}(?:;[!#-+\--;=A-~]{0,50})?$/, "sip:HOST or sips:HOST without a user"],
  ["price", /^[0-9]{1,6}(?:\.[0-9]{1,6})?$/, "a decimal number such as 0.0123"],
  ["carrier", /^[ -~]{0,64}$/, "at most 64 printable characters of ASCII"],
];

/** The routes of a file. It throws an Error with the line of a mistake. */
export class Routes {
  readonly revision: string;
  private readonly byPrefix = new Map<string, Route[]>();

  constructor(name: string, text: string) {
    this.revision = createHash("sha256").update(text).digest("hex").slice(0, 12);
    text.split("\n").forEach((whole, i) => {
      const line = whole.trim();
      if (line !== "" && !line.startsWith("#")) {
        this.add(`${name}:${i + 1}: `, i + 1, line.split(",").map((field) => field.trim()));
      }
    });
    if (this.byPrefix.size === 0) throw new Error(`${name}: there is no route in it`);
  }

  private add(where: string, line: number, values: string[]): void {
    if (values.length !== 3 && values.length !== 4) {
      throw new Error(`${where}${values.length} fields; want prefix, gateway, price and, if you like, carrier`);
    }
    values.forEach((value, i) => {
      const [field, pattern, want] = FIELDS[i]!;
      if (!pattern.test(value)) throw new Error(`${where}${field} "${value}" is not allowed; want ${want}`);
    });
    const [prefix, gateway, written, carrier] = values as [string, string, string, string?];
    const routes = this.byPrefix.get(prefix) ?? [];
    for (const other of routes) {
      if (other.gateway.toLowerCase() === gateway.toLowerCase()) {
        throw new Error(`${where}prefix ${prefix} by ${gateway} is at line ${other.line} already`);
      }
    }
    routes.push({ gateway, price: Number(written), written, carrier: carrier || gateway, line });
    this.byPrefix.set(prefix, routes);
  }

  /**
   * The routes of a number, the cheapest first, one for each gateway: that of its
   * longest prefix. At the same price, the first in the file is first.
   */
  cheapest(digits: string): Route[] {
    const best = new Map<string, Route>();
    for (let length = digits.length; length > 0; length--) {
      for (const route of this.byPrefix.get(digits.slice(0, length)) ?? []) {
        const gateway = route.gateway.toLowerCase();
        if (!best.has(gateway)) best.set(gateway, route);
      }
    }
    return [...best.values()].sort((a, b) => a.price - b.price || a.line - b.line);
  }
}
