(() => {
  "use strict";
  const started = performance.now();
  const data = JSON.parse(document.getElementById("data").textContent);
  const VERDICTS = ["drifted", "unknown", "unreachable", "compliant"];
  const SEVERITIES = ["critical", "high", "medium", "low", "info"];
  const COSTS = { none: "no interruption", restart_service: "restarts a service", restart_sandbox: "restarts a sandbox", migrate_guest: "migrates guests", reboot: "needs a reboot" };
  const PAGE = 100;
  const NEXT = 8;
  const VALUES = 6;
  const PRINTED = 400;
  const DAY = 86400000;
  const byId = (id) => document.getElementById(id);
  const collator = new Intl.Collator("en", { numeric: true });

  // Everything that came from a host enters the page here, as text.
  function make(tag, className, ...content) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...content.filter((part) => part !== null && part !== undefined && part !== ""));
    return element;
  }

  function button(text, action) {
    const element = make("button", "", text);
    element.type = "button";
    element.addEventListener("click", action);
    return element;
  }

  function text(value) {
    if (value === null || value === undefined) return "nothing";
    if (typeof value === "boolean") return value ? "yes" : "no";
    if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return value.length ? value.join(", ") : "none";
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  }

  const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;
  const known = (index) => (index < 0 ? "" : data.strings[index]);
  const column = (key) => data.facts.findIndex((fact) => fact[0] === key);
  const OS = column("os.release");
  const KERNEL = column("kernel.running");

  const hosts = data.hosts.map(([name, verdict, reasons, findings, waived, facts, scannedAt, error, standard, why, labels, silent, since], order) => ({
    name, order, verdict: VERDICTS[verdict], reasons, scannedAt: known(scannedAt), error, standard: known(standard), why: known(why),
    findings: findings.map((index) => data.findings[index]), waived: waived.map((index) => data.findings[index]),
    facts: facts.map(known), os: known(facts[OS] ?? -1), kernel: known(facts[KERNEL] ?? -1),
    labels: data.labels[labels] ?? {}, silent: data.silences[silent] ?? {}, since: since.map(known),
  }));
  const isOpen = (finding) => finding.promise !== null;
  // What a finding says, for the search; equal findings of many hosts are one object and are put together once.
  const said = new Map();
  for (const item of data.findings) said.set(item, [item.id, item.promise, text(item.observed), text(item.expected), text(item.waiver ?? "")].join("\n").toLowerCase());
  for (const host of hosts) {
    host.ids = new Set(host.findings.map((finding) => finding.id));
    const own = [host.name, host.verdict, ...host.reasons, host.error ?? "", host.why, host.standard, ...host.facts, ...Object.values(host.labels),
      ...Object.values(host.silent), ...Object.keys(host.silent)].join("\n").toLowerCase();
    host.says = (word) => own.includes(word) || host.findings.some((item) => said.get(item).includes(word)) || host.waived.some((item) => said.get(item).includes(word));
    const open = host.findings.filter(isOpen);
    host.openSince = open.map((finding) => host.since[host.findings.indexOf(finding)]).filter(Boolean).sort()[0] ?? "";
    host.isNew = Boolean(data.previous) && open.some((finding) => host.since[host.findings.indexOf(finding)] === data.generated);
  }

  // ---- the fleet as a whole ----

  function showProblems() {
    const section = byId("problems");
    section.hidden = data.problems.length === 0;
    const kinds = new Map();
    for (const problem of data.problems) kinds.set(problem.id, [...(kinds.get(problem.id) ?? []), problem]);
    for (const same of kinds.values()) {
      section.append(...problemLines(same[0]));
      // Equal problems fold, so that they do not push what to do next off the screen.
      if (same.length > 1) section.append(make("details", "", make("summary", "", plural(same.length - 1, "more of this kind", "more of this kind")), ...same.slice(1, 200).flatMap(problemLines)));
    }
  }

  function problemLines(problem) {
    const names = problem.hosts.slice(0, 8).join(", ") + (problem.hosts.length > 8 ? ", …" : "");
    return [make("p", "", problem.message), names ? make("p", "names", names) : null].filter(Boolean);
  }

  function showSince() {
    if (!data.previous) return;
    const fresh = hosts.filter((host) => host.isNew);
    const resolved = Object.values(data.resolved).reduce((sum, count) => sum + count, 0);
    byId("since").append(`Since the report of ${data.previous.slice(0, 16).replace("T", " ")} UTC: `,
      fresh.length ? button(`new findings on ${plural(fresh.length, "host", "hosts")}`, () => filterBy({ age: "new" })) : "no new finding",
      `, ${plural(resolved, "resolved", "resolved")}.`);
    byId("since").hidden = false;
  }

  // The counts at the top lead to their hosts.
  function bindLegend() {
    for (const item of document.querySelectorAll(".legend li")) {
      const verdict = item.className;
      const link = button("", () => filterBy({ verdict }));
      link.append(...item.childNodes);
      item.append(link);
    }
  }

  const SVG = "http://www.w3.org/2000/svg";
  function shape(tag, attributes) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  // One path for each verdict draws any number of squares at the price of four elements.
  function showMap() {
    if (hosts.length < 2) return;
    const width = 1096;
    const step = Math.max(6, Math.min(24, Math.floor(Math.sqrt((width * 190) / hosts.length))));
    const perRow = Math.floor(width / step);
    const gap = step > 12 ? 3 : step > 8 ? 2 : 1;
    const shown = [...hosts].reverse();
    const rows = Math.ceil(shown.length / perRow);
    const svg = shape("svg", { viewBox: `0 0 ${perRow * step - gap} ${rows * step - gap}`, role: "img", "aria-label": `${hosts.length} hosts by verdict` });
    const paths = Object.fromEntries(VERDICTS.map((verdict) => [verdict, []]));
    shown.forEach((host, index) => paths[host.verdict].push(`M${(index % perRow) * step} ${Math.floor(index / perRow) * step}h${step - gap}v${step - gap}h-${step - gap}z`));
    for (const verdict of VERDICTS) if (paths[verdict].length) svg.append(shape("path", { class: verdict, d: paths[verdict].join("") }));
    const marker = shape("rect", { class: "at", width: step - gap, height: step - gap, x: -100, y: 0 });
    svg.append(marker);
    bindMap(svg, marker, shown, step, perRow);
    byId("map").append(svg);
    byId("map-section").hidden = false;
  }

  function bindMap(svg, marker, shown, step, perRow) {
    const caption = byId("map-caption");
    const at = (event) => {
      const box = svg.getBoundingClientRect();
      const scale = svg.viewBox.baseVal.width / box.width;
      const x = Math.floor(((event.clientX - box.left) * scale) / step);
      const y = Math.floor(((event.clientY - box.top) * scale) / step);
      return x < 0 || x >= perRow || y < 0 ? undefined : shown[y * perRow + x];
    };
    svg.addEventListener("pointermove", (event) => {
      const host = at(event);
      if (!host) return;
      const index = shown.length - 1 - host.order;
      marker.setAttribute("x", (index % perRow) * step);
      marker.setAttribute("y", Math.floor(index / perRow) * step);
      caption.textContent = `${host.name}: ${host.verdict}${host.findings.length ? `, ${[...host.ids].join(", ")}` : ""}`;
    });
    svg.addEventListener("click", (event) => { const host = at(event); if (host) openHost(host); });
  }

  function groups() {
    const found = new Map();
    for (const host of hosts) {
      for (const id of host.ids) {
        const finding = host.findings.find((item) => item.id === id);
        const group = found.get(id) ?? found.set(id, { finding, count: 0, expected: new Set() }).get(id);
        group.count += 1;
        group.expected.add(text(finding.expected));
        if (SEVERITIES.indexOf(finding.severity) < SEVERITIES.indexOf(group.finding.severity)) group.finding = finding;
      }
    }
    const rank = ({ finding }) => (finding.promise === null ? 10 : 0) + SEVERITIES.indexOf(finding.severity);
    return [...found.values()].sort((a, b) => rank(a) - rank(b) || b.count - a.count || collator.compare(a.finding.id, b.finding.id));
  }

  function nextItem({ finding, count, expected }) {
    const wanted = expected.size === 1 ? `Expected ${[...expected][0]}. ` : "";
    const bar = make("div", "bar");
    const fill = make("i", finding.promise === null ? "plain" : "off");
    fill.style.width = `${(100 * count) / hosts.length}%`;
    bar.append(fill);
    return make("li", "",
      make("span", `severity ${finding.severity}`, finding.promise === null ? "observed" : finding.severity),
      make("div", "", button(finding.id, () => filterBy({ finding: finding.id })),
        make("p", "remedy", `${wanted}${text(finding.remedy)}`), make("p", "cost", COSTS[finding.disruption] ?? finding.disruption)),
      make("div", "tally", plural(count, "host", "hosts"), bar));
  }

  function showNext() {
    const all = groups();
    byId("next-section").hidden = all.length === 0;
    byId("next").append(...all.slice(0, NEXT).map(nextItem));
    const more = byId("next-more");
    more.hidden = all.length <= NEXT;
    more.textContent = `Show ${all.length - NEXT} more`;
    more.addEventListener("click", () => { byId("next").append(...all.slice(NEXT).map(nextItem)); more.hidden = true; });
    return all;
  }

  // Whose the hosts are: each label's values, and how many hosts of each are not compliant.
  function showLabels() {
    const names = new Set(hosts.flatMap((host) => Object.keys(host.labels)));
    for (const name of [...names].sort()) {
      const counts = new Map();
      for (const host of hosts) {
        const value = host.labels[name] ?? "";
        const row = counts.get(value) ?? counts.set(value, { value, hosts: 0, off_standard: 0 }).get(value);
        row.hosts += 1;
        row.off_standard += host.verdict === "compliant" ? 0 : 1;
      }
      const rows = [...counts.values()].filter((row) => row.value).sort((a, b) => b.off_standard - a.off_standard || b.hosts - a.hosts);
      const most = Math.max(...rows.map((row) => row.hosts));
      byId("spread").append(make("div", "fact", make("h3", "", `By ${name}`), make("ul", "", ...rows.slice(0, 40).map((row) => factItem(`label:${name}`, row, most, data.hasStandard)))));
    }
  }

  function factItem(key, { value, hosts: count, off_standard: off }, most, judged) {
    const bar = make("div", "bar");
    for (const [className, share] of [[judged ? "" : "plain", count - off], ["off", off]]) {
      const part = make("i", className);
      part.style.width = `${(100 * share) / most}%`;
      if (share) bar.append(part);
    }
    const label = button(value, () => filterBy({ fact: key, value }));
    label.className = "value";
    label.title = value;
    return make("li", "", make("div", "line", label, make("span", "number", off && off < count ? `${off} of ${count} off` : String(count))), bar);
  }

  function showSpread() {
    const facts = Object.entries(data.distribution).map(([key, fact]) => ({ key, ...fact }));
    byId("spread-section").hidden = facts.length === 0;
    byId("spread-key").hidden = !data.hasStandard;
    for (const fact of facts) {
      const most = fact.values[0].hosts;
      const items = fact.values.map((value) => factItem(fact.key, value, most, fact.judged));
      const list = make("ul", "", ...items.slice(0, VALUES));
      const rest = make("p", "rest");
      if (items.length > VALUES) {
        const more = button(plural(items.length - VALUES, "more value", "more values"), () => { list.append(...items.slice(VALUES)); more.remove(); });
        rest.append(more, " ");
      }
      if (fact.more_values) rest.append(`${plural(fact.more_values, "rare value", "rare values")} in fleet.json `);
      if (fact.unknown) rest.append(button(`${plural(fact.unknown, "host", "hosts")} without`, () => filterBy({ fact: fact.key, value: "" })));
      byId("spread").append(make("div", "fact", make("h3", "", fact.title), list, rest.childNodes.length ? rest : null));
    }
    showLabels();
  }

  // ---- the list of hosts ----

  const EMPTY = { search: "", verdict: "", finding: "", fact: "", value: "", age: "", key: "verdict", down: false, page: 0 };
  const state = { ...EMPTY };
  const FILTERS = ["search", "verdict", "finding", "fact", "age"];
  const AGES = { new: "new since the last report", 7: "open for more than 7 days", 14: "open for more than 14 days", 30: "open for more than 30 days", 90: "open for more than 90 days" };
  const ORDERS = {
    name: (a, b) => collator.compare(a.name, b.name),
    verdict: (a, b) => a.order - b.order,
    os: (a, b) => collator.compare(a.os, b.os),
    kernel: (a, b) => collator.compare(a.kernel, b.kernel),
    findings: (a, b) => b.findings.length - a.findings.length,
  };

  function hasFact(host) {
    if (!state.fact) return true;
    if (state.fact.startsWith("label:")) return (host.labels[state.fact.slice(6)] ?? "") === state.value;
    const told = host.facts[column(state.fact)] ?? "";
    return state.value ? told.split(", ").includes(state.value) || told === state.value : told === "" && host.silent !== null;
  }

  function isOfAge(host) {
    if (!state.age) return true;
    if (state.age === "new") return host.isNew;
    return host.openSince !== "" && Date.parse(data.generated) - Date.parse(host.openSince) > Number(state.age) * DAY;
  }

  function matching() {
    const words = state.search.toLowerCase().split(/\s+/).filter(Boolean);
    const found = hosts.filter((host) => (!state.verdict || host.verdict === state.verdict) && (!state.finding || host.ids.has(state.finding))
      && !(state.printing && host.verdict === "compliant") && hasFact(host) && isOfAge(host) && words.every(host.says));
    found.sort((a, b) => ORDERS[state.key](a, b) || a.order - b.order);
    return state.down ? found.reverse() : found;
  }

  // What is broken, or why nobody can tell. In a list of one finding's hosts, what it saw on each.
  function findingsText(host) {
    const chosen = host.findings.find((finding) => finding.id === state.finding);
    if (chosen) return `expected ${text(chosen.expected)}, observed ${text(chosen.observed)}`;
    const open = host.findings.filter(isOpen);
    const named = open.slice(0, 2).map((finding) => finding.id).join(", ") + (open.length > 2 ? ` and ${open.length - 2} more` : "");
    if (host.verdict === "unknown" || host.verdict === "unreachable") return [host.why, named].filter(Boolean).join("; ");
    const beside = [host.waived.length ? `${host.waived.length} waived` : "", host.findings.length > open.length ? `${host.findings.length - open.length} observed` : ""];
    return named || beside.filter(Boolean).join(", ");
  }

  // Narrow screens lay the table out as cards, which takes its roles away: they are given in so many words.
  function row(host) {
    const cells = [make("td", "name", button(host.name, () => openHost(host))), make("td", "", make("span", `verdict ${host.verdict}`, host.verdict)),
      make("td", "", host.os), make("td", "kernel", host.kernel), make("td", "findings", findingsText(host))];
    for (const cell of cells) cell.setAttribute("role", "cell");
    const line = make("tr", "", ...cells);
    line.setAttribute("role", "row");
    return line;
  }

  function showHosts(size = PAGE) {
    const found = matching();
    const pages = Math.max(1, Math.ceil(found.length / size));
    state.page = Math.min(state.page, pages - 1);
    const from = state.page * size;
    document.querySelector("#table tbody").replaceChildren(...found.slice(from, from + size).map(row));
    const filtered = found.length !== hosts.length;
    byId("count").textContent = filtered ? `${found.length} of ${plural(hosts.length, "host", "hosts")}` : plural(hosts.length, "host", "hosts");
    const isFiltered = FILTERS.some((name) => state[name]);
    byId("clear").hidden = !isFiltered;
    byId("chosen").textContent = [chosenFact(), AGES[state.age] ?? ""].filter(Boolean).join(", ");
    byId("take").hidden = found.length === 0;
    document.querySelector(".pages").hidden = pages === 1;
    byId("page").textContent = `Page ${state.page + 1} of ${pages}`;
    byId("previous").disabled = state.page === 0;
    byId("following").disabled = state.page === pages - 1;
    for (const head of document.querySelectorAll("#table th")) {
      if (head.dataset.key === state.key) head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  function chosenFact() {
    if (!state.fact) return "";
    const name = state.fact.startsWith("label:") ? state.fact.slice(6) : data.facts[column(state.fact)]?.[1] ?? state.fact;
    return `${name}: ${state.value || "none"}`;
  }

  // ---- the address: filters and the open host, so that a view can be sent and Back works ----

  function address(host = "") {
    const words = new URLSearchParams();
    for (const name of Object.keys(EMPTY)) if (state[name] !== EMPTY[name] && state[name] !== "") words.set(name, String(state[name]));
    if (host) words.set("host", host);
    return words.toString() ? `#${words.toString().replaceAll("+", "%20")}` : location.pathname + location.search;
  }

  function remember(replace = false) {
    history[replace ? "replaceState" : "pushState"](null, "", address());
  }

  function readAddress(isFirst) {
    const words = new URLSearchParams(location.hash.slice(1));
    const before = JSON.stringify(state);
    Object.assign(state, EMPTY);
    for (const name of Object.keys(EMPTY)) if (words.has(name)) state[name] = words.get(name);
    state.down = words.get("down") === "true";
    delete state.printing;
    state.page = Math.max(0, Number.parseInt(words.get("page") ?? "0", 10) || 0);
    if (!(state.key in ORDERS)) state.key = EMPTY.key;
    // The list is only drawn anew where it is another: what has the focus in it keeps it.
    if (isFirst === true || JSON.stringify(state) !== before) { fillFilters(); showHosts(); }
    const name = words.get("host") ?? "";
    const host = hosts.find((item) => item.name === name);
    byId("missing").textContent = name && !host ? `This report has no host ${name}.` : "";
    byId("missing").hidden = !name || Boolean(host);
    if (host) showSheet(host);
    else if (byId("drawer").open) byId("drawer").close();
  }

  function fillFilters() {
    byId("search").value = state.search;
    byId("by-verdict").value = state.verdict;
    byId("by-finding").value = state.finding;
    byId("by-age").value = state.age;
  }

  // ---- a list that can be taken along ----

  function save(name, kind, content) {
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([content], { type: kind }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  // A cell that begins so would be a formula to a spreadsheet.
  const cell = (value) => { const plain = text(value); return `"${(/^[=+\-@]/.test(plain) ? `'${plain}` : plain).replaceAll('"', '""')}"`; };

  function csv() {
    const labels = [...new Set(hosts.flatMap((host) => Object.keys(host.labels)))].sort();
    const head = ["host", "verdict", "why", "release", "kernel", "open findings", "observed", "waived", ...labels];
    const rows = matching().map((host) => [host.name, host.verdict, host.why, host.os, host.kernel, host.findings.filter(isOpen).map((item) => item.id).join(" "),
      host.findings.filter((item) => !isOpen(item)).map((item) => item.id).join(" "), host.waived.map((item) => item.id).join(" "), ...labels.map((name) => host.labels[name] ?? "")]);
    return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
  }

  function bindTake() {
    byId("take-csv").addEventListener("click", () => save("hosts.csv", "text/csv", csv()));
    byId("take-limit").addEventListener("click", () => save("hosts.limit", "text/plain", matching().map((host) => `${host.name}\n`).join("")));
  }

  function filterBy(change) {
    Object.assign(state, { search: "", verdict: "", finding: "", fact: "", value: "", age: "", page: 0 }, change);
    fillFilters();
    remember();
    showHosts();
    byId("hosts").scrollIntoView({ block: "start" });
    byId("hosts").focus({ preventScroll: true });
  }

  function options(select, entries) {
    for (const [value, label] of entries) {
      const option = make("option", "", label);
      option.value = value;
      select.append(option);
    }
  }

  function bindHosts(all) {
    options(byId("by-verdict"), [["", "Any"], ...VERDICTS.map((verdict) => [verdict, `${verdict} (${data.summary[verdict]})`])]);
    options(byId("by-finding"), [["", "Any"], ...all.map(({ finding, count }) => [finding.id, `${finding.id} (${count})`])]);
    options(byId("by-age"), [["", "Any"], ...Object.entries(AGES).filter(([name]) => name !== "new" || data.previous)]);
    const change = (name, value, replace) => { state[name] = value; state.page = 0; remember(replace); showHosts(); };
    byId("search").addEventListener("input", (event) => change("search", event.target.value, true));
    byId("by-verdict").addEventListener("change", (event) => change("verdict", event.target.value));
    byId("by-finding").addEventListener("change", (event) => change("finding", event.target.value));
    byId("by-age").addEventListener("change", (event) => change("age", event.target.value));
    byId("clear").addEventListener("click", () => { filterBy({}); byId("search").focus(); });
    byId("previous").addEventListener("click", () => { state.page -= 1; remember(); showHosts(); });
    byId("following").addEventListener("click", () => { state.page += 1; remember(); showHosts(); });
    for (const head of document.querySelectorAll("#table th")) {
      head.querySelector("button").addEventListener("click", () => {
        state.down = state.key === head.dataset.key && !state.down;
        state.key = head.dataset.key;
        state.page = 0;
        remember(true);
        showHosts();
      });
    }
  }

  // ---- one host ----

  function pairs(className, entries) {
    const list = make("dl", className);
    for (const [label, value, kind] of entries) if (value !== "" && value !== null && value !== undefined) list.append(make("dt", "", label), make("dd", kind, value));
    return list;
  }

  function evidenceItem(item) {
    if (item === null || typeof item !== "object" || Array.isArray(item)) return make("li", "", text(item));
    const { fact, source, value, ...rest } = item;
    const head = [fact, value === undefined ? undefined : text(value)].filter((part) => part !== undefined).join(" = ");
    return make("li", "", head, Object.keys(rest).length ? ` ${text(rest)}` : "", source ? make("div", "source", text(source)) : null);
  }

  function evidence(value) {
    if (value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) return null;
    const items = Array.isArray(value) ? value : [value];
    const shown = make("details", "", make("summary", "", "Evidence"), make("ul", "", ...items.map(evidenceItem)));
    return shown;
  }

  function findingCard(finding, since) {
    const waiver = finding.waiver ?? null;
    const meaning = data.meanings[finding.id];
    const card = make("article", "finding",
      make("header", "", make("h4", "", finding.id), make("span", `severity ${finding.severity}`, finding.promise === null ? `${finding.severity}, observed only` : finding.severity)),
      meaning ? make("p", "meaning", meaning) : null,
      pairs("", [["Expected", text(finding.expected), "code expected"], ["Observed", text(finding.observed), "code observed"],
        ["Remedy", text(finding.remedy), ""], ["Costs", COSTS[finding.disruption] ?? finding.disruption, ""], ["Known since", since ? since.slice(0, 10) : "", ""],
        ["Waived", waiver === null ? "" : typeof waiver === "object" ? ["reason", "owner", "expires"].map((key) => waiver[key]).filter(Boolean).map(text).join(" · ") : text(waiver), ""]]),
      evidence(finding.evidence));
    return card;
  }

  function sheet(host) {
    const title = make("h2", "", host.name);
    title.id = "drawer-title";
    const parts = [button("Close", () => byId("drawer").close()), title, make("p", `verdict ${host.verdict}`, host.verdict)];
    const why = [host.why, host.error && host.error !== host.why ? host.error : ""].filter(Boolean).join(" — ");
    if (why) parts.push(make("p", "why", why));
    parts.push(pairs("facts", [...Object.entries(host.labels).map(([name, value]) => [name, value, ""]),
      ...data.facts.map(([key, label], index) => [label, host.facts[index] || cannotSay(host, key), host.facts[index] ? "code" : "silent"]),
      ["Standard", host.standard, "code"], ["Scanned", host.scannedAt, ""]]));
    const seen = (finding, index) => findingCard(finding, host.since[index]);
    if (host.findings.length) parts.push(make("h3", "", plural(host.findings.length, "finding", "findings")), ...host.findings.map(seen));
    if (host.waived.length) parts.push(make("h3", "", `${host.waived.length} waived`), ...host.waived.map((finding, index) => seen(finding, host.findings.length + index)));
    const silent = Object.entries(host.silent);
    if (silent.length) parts.push(make("details", "", make("summary", "", `${plural(silent.length, "fact", "facts")} could not be had`), make("ul", "", ...silent.map(([fact, reason]) => make("li", "", `${fact}: ${reason}`)))));
    return parts;
  }

  // Why a fact is not known, where the record says why; where it has no meaning on this host, nothing is said.
  function cannotSay(host, key) {
    const found = Object.entries(host.silent).find(([fact]) => fact === key || fact.startsWith(`${key}.`) || key.startsWith(`${fact}.`));
    return found ? `cannot say (${found[1]})` : "";
  }

  function showSheet(host) {
    const drawer = byId("drawer");
    drawer.firstElementChild.replaceChildren(...sheet(host));
    if (!drawer.open) drawer.showModal();
    drawer.scrollTop = 0;
  }

  // Opening a host is a step of its own: Back closes it, as people do on a telephone.
  function openHost(host) {
    showSheet(host);
    history.pushState({ opened: true }, "", address(host.name));
  }

  function closed() {
    if (!new URLSearchParams(location.hash.slice(1)).has("host")) return;
    if (history.state?.opened) history.back();
    else history.replaceState(null, "", address());
  }

  // ---- theme and print ----

  function bindTheme() {
    const themes = ["auto", "light", "dark"];
    const control = byId("theme");
    const use = (theme) => {
      if (theme === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = theme;
      control.textContent = `Theme: ${theme}`;
    };
    let current = "auto";
    // A page opened from a file may have no storage: then the choice lasts as long as the page.
    try { current = themes.includes(localStorage.firebreakTheme) ? localStorage.firebreakTheme : "auto"; } catch { /* as said */ }
    use(current);
    control.addEventListener("click", () => {
      current = themes[(themes.indexOf(current) + 1) % themes.length];
      use(current);
      try { localStorage.firebreakTheme = current; } catch { /* as said */ }
    });
  }

  // On paper: what is not compliant, in whole; of a filtered list what it shows.
  function print() {
    state.printing = !FILTERS.some((name) => state[name]);
    state.page = 0;
    showHosts(PRINTED);
  }

  const drawer = byId("drawer");
  drawer.addEventListener("click", (event) => { if (event.target === drawer) drawer.close(); });
  drawer.addEventListener("close", closed);
  addEventListener("popstate", () => readAddress());
  addEventListener("beforeprint", print);
  addEventListener("afterprint", () => { state.printing = false; showHosts(); });
  bindTheme();
  bindLegend();
  showProblems();
  showSince();
  showMap();
  bindHosts(showNext());
  bindTake();
  showSpread();
  readAddress(true);
  document.documentElement.dataset.readyAfter = String(Math.round(performance.now()));
  document.documentElement.dataset.scriptTook = String(Math.round(performance.now() - started));
})();
