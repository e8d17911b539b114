package policytest

// EverythingYAML is a configuration in which each setting and each kind of rule
// stands.
const EverythingYAML = `
lists:
  - {name: premium, type: prefixes, values: ["+1900", "+882"]}
  - {name: partners, type: domains, values: [partner.example, "*.partner.example"]}
  - {name: inside, type: networks, values: [10.0.0.0/8, "fd00::/8"]}
profiles:
  - name: default
  - name: all
    methods: [INVITE, MESSAGE, REGISTER]
    unknown: as_300
    max_contacts: 20
    max_attempts: 20
    max_nesting: 3
    setup_time: 1m
    order: weighted
    nested: after
    response_timeout: 4s
    answer_timeout: 30s
    advance: [400-599, timeout, transport_error]
    stop: [486]
    exhausted: 404
    copy_headers: [Identity, {name: P-Asserted-Identity, as: X-Asserted, replace: true}]
    contact_headers: ["*"]
    diversion: true
    history_info: true
    deny: {domains: ["*.evil.example"], networks: [192.168.0.0/16], ports: [1-100], prefixes: ["+979"], own_address: true, lists: [inside]}
    rules:
      - {name: premium, when: 'in_list(contact.uri, "premium")', then: skip}
      - {name: partner, when: 'in_list(contact.uri.host, "partners")', then: keep}
      - {name: first, when: 'contact.uri.user.size() % 2 == 0', then: prefer}
      - {name: late, when: 'q(contact) < 0.5', then: defer}
      - {name: weight, when: 'has_param(contact.uri, "x")', then: {weight: 7, label: "${contact.uri.host}"}}
      - {name: rewrite, when: 'contact.uri.scheme == "tel"', then: {rewrite: {scheme: sip, host: gw.example, user: "${contact.uri.user}", port: "5070", params: {x: "${call.trunk}"}, remove_params: [transport]}}}
      - {name: way, when: 'contact.uri.port > 6000', then: {via: "sip:${contact.uri.host};lr", next_hop: "sip:${contact.uri.host}"}}
      - {name: timers, when: 'header(response, "X-Slow") != ""', then: {response_timeout: 2s, answer_timeout: 3s}}
      - {name: headers, then: {headers: [{add: X-A, value: "${call.call_id}"}, {set: X-B, value: "${response.reason_phrase}"}, {remove: X-C}, {copy: X-D, from: request}, {copy: X-E, from: contact}]}}
      - {name: last, when: 'attempts[size(attempts) - 3].rang', then: skip}
      - {name: fraud, when: 'share("fraud", 10.0)', then: {reject: {status: 603, reason: "No ${call.trunk}", headers: [{set: X-A, value: b}]}}}
      - {name: pass, when: 'region(call.request_uri.user) == "DE"', then: pass_through}
      - {name: busy, on: [failure], when: 'response.status == 486', then: stop}
  - name: pass
    redirect: pass_through
    allow: {prefixes: ["+1"], schemes: [sip, sips], ports: [5060], domains: ["*.example.com"], networks: [192.0.2.0/24]}
    rules:
      - {name: mark, then: {headers: [{set: X-B, value: "${response.reason_phrase}"}]}}
  - {name: received, order: received, nested: replace, exhausted: mapped, history_info: true}
  - {name: shuffled, order: shuffled, use: number}
`
