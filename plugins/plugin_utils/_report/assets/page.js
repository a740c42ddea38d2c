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
  const PRINTED = 2000;
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

  const hosts = data.hosts.map(([name, verdict, reasons, findings, waived, facts, scannedAt, error, standard], order) => ({
    name, order, verdict: VERDICTS[verdict], reasons, scannedAt: known(scannedAt), error, standard: known(standard),
    findings: findings.map((index) => data.findings[index]), waived: waived.map((index) => data.findings[index]),
    facts: facts.map(known), os: known(facts[OS] ?? -1), kernel: known(facts[KERNEL] ?? -1),
  }));
  for (const host of hosts) {
    host.ids = new Set(host.findings.map((finding) => finding.id));
    host.haystack = [host.name, host.verdict, ...host.reasons, ...host.facts, ...host.ids].join("\n").toLowerCase();
  }

  // ---- the fleet as a whole ----

  function showProblems() {
    const section = byId("problems");
    section.hidden = data.problems.length === 0;
    for (const problem of data.problems.slice(0, 8)) {
      section.append(make("p", "", problem.message));
      if (problem.hosts.length) section.append(make("p", "names", problem.hosts.slice(0, 8).join(", ") + (problem.hosts.length > 8 ? ", …" : "")));
    }
    if (data.problems.length > 8) section.append(make("p", "names", `and ${data.problems.length - 8} more, all in fleet.json`));
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

  function factItem({ value, hosts: count, off_standard: off }, most, judged) {
    const bar = make("div", "bar");
    for (const [className, share] of [[judged ? "" : "plain", count - off], ["off", off]]) {
      const part = make("i", className);
      part.style.width = `${(100 * share) / most}%`;
      if (share) bar.append(part);
    }
    const label = make("span", "value", value);
    label.title = value;
    return make("li", "", make("div", "line", label, make("span", "number", off && off < count ? `${off} of ${count} off` : String(count))), bar);
  }

  function showSpread() {
    const facts = Object.values(data.distribution);
    byId("spread-section").hidden = facts.length === 0;
    byId("spread-key").hidden = !data.hasStandard;
    for (const fact of facts) {
      const most = fact.values[0].hosts;
      const hidden = fact.values.length - VALUES + fact.more_values;
      const rest = [hidden > 0 ? plural(hidden, "more value", "more values") : "", fact.unknown ? `${plural(fact.unknown, "host", "hosts")} without` : ""];
      byId("spread").append(make("div", "fact", make("h3", "", fact.title),
        make("ul", "", ...fact.values.slice(0, VALUES).map((value) => factItem(value, most, fact.judged))),
        rest.some(Boolean) ? make("p", "rest", rest.filter(Boolean).join(", ")) : null));
    }
  }

  // ---- the list of hosts ----

  const state = { search: "", verdict: "", finding: "", key: "verdict", down: false, page: 0 };
  const ORDERS = {
    name: (a, b) => collator.compare(a.name, b.name),
    verdict: (a, b) => a.order - b.order,
    os: (a, b) => collator.compare(a.os, b.os),
    kernel: (a, b) => collator.compare(a.kernel, b.kernel),
    findings: (a, b) => b.findings.length - a.findings.length,
  };

  function matching() {
    const words = state.search.toLowerCase().split(/\s+/).filter(Boolean);
    const found = hosts.filter((host) => (!state.verdict || host.verdict === state.verdict) && (!state.finding || host.ids.has(state.finding))
      && words.every((word) => host.haystack.includes(word)));
    found.sort((a, b) => ORDERS[state.key](a, b) || a.order - b.order);
    return state.down ? found.reverse() : found;
  }

  function findingsText(host) {
    if (host.findings.length === 0) return host.reasons.join(", ");
    const named = host.findings.slice(0, 2).map((finding) => finding.id).join(", ");
    return host.findings.length > 2 ? `${named} and ${host.findings.length - 2} more` : named;
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
    byId("clear").hidden = !(state.search || state.verdict || state.finding);
    document.querySelector(".pages").hidden = pages === 1;
    byId("page").textContent = `Page ${state.page + 1} of ${pages}`;
    byId("previous").disabled = state.page === 0;
    byId("following").disabled = state.page === pages - 1;
    for (const head of document.querySelectorAll("#table th")) {
      if (head.dataset.key === state.key) head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  function filterBy(change) {
    Object.assign(state, { search: "", verdict: "", finding: "", page: 0 }, change);
    byId("search").value = state.search;
    byId("by-verdict").value = state.verdict;
    byId("by-finding").value = state.finding;
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
    byId("search").addEventListener("input", (event) => { state.search = event.target.value; state.page = 0; showHosts(); });
    byId("by-verdict").addEventListener("change", (event) => { state.verdict = event.target.value; state.page = 0; showHosts(); });
    byId("by-finding").addEventListener("change", (event) => { state.finding = event.target.value; state.page = 0; showHosts(); });
    byId("clear").addEventListener("click", () => { filterBy({}); byId("search").focus(); });
    byId("previous").addEventListener("click", () => { state.page -= 1; showHosts(); });
    byId("following").addEventListener("click", () => { state.page += 1; showHosts(); });
    for (const head of document.querySelectorAll("#table th")) {
      head.querySelector("button").addEventListener("click", () => {
        state.down = state.key === head.dataset.key && !state.down;
        state.key = head.dataset.key;
        state.page = 0;
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

  function findingCard(finding) {
    const waiver = finding.waiver ?? null;
    const card = make("article", "finding",
      make("header", "", make("h4", "", finding.id), make("span", `severity ${finding.severity}`, finding.promise === null ? `${finding.severity}, observed only` : finding.severity)),
      pairs("", [["Expected", text(finding.expected), "code expected"], ["Observed", text(finding.observed), "code observed"],
        ["Remedy", text(finding.remedy), ""], ["Costs", COSTS[finding.disruption] ?? finding.disruption, ""],
        ["Waived", waiver === null ? "" : typeof waiver === "object" ? ["reason", "owner", "expires"].map((key) => waiver[key]).filter(Boolean).map(text).join(" · ") : text(waiver), ""]]),
      evidence(finding.evidence));
    return card;
  }

  function sheet(host) {
    const title = make("h2", "", host.name);
    title.id = "drawer-title";
    const parts = [button("Close", () => byId("drawer").close()), title, make("p", `verdict ${host.verdict}`, host.verdict)];
    const why = [host.reasons.join(", "), host.error ?? ""].filter(Boolean).join(": ");
    if (why) parts.push(make("p", "why", why));
    parts.push(pairs("facts", [...data.facts.map(([, label], index) => [label, host.facts[index] ?? "", "code"]),
      ["Standard", host.standard, "code"], ["Scanned", host.scannedAt, ""]]));
    if (host.findings.length) parts.push(make("h3", "", plural(host.findings.length, "finding", "findings")), ...host.findings.map(findingCard));
    if (host.waived.length) parts.push(make("h3", "", `${host.waived.length} waived`), ...host.waived.map(findingCard));
    return parts;
  }

  function openHost(host) {
    const drawer = byId("drawer");
    drawer.firstElementChild.replaceChildren(...sheet(host));
    if (!drawer.open) drawer.showModal();
    drawer.scrollTop = 0;
    history.replaceState(null, "", `#host=${encodeURIComponent(host.name)}`);
  }

  function openNamed() {
    if (!location.hash.startsWith("#host=")) return;
    let name = "";
    try { name = decodeURIComponent(location.hash.slice(6)); } catch { return; }
    const host = hosts.find((item) => item.name === name);
    if (host) openHost(host);
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

  const drawer = byId("drawer");
  drawer.addEventListener("click", (event) => { if (event.target === drawer) drawer.close(); });
  drawer.addEventListener("close", () => history.replaceState(null, "", location.pathname + location.search));
  addEventListener("hashchange", openNamed);
  addEventListener("beforeprint", () => showHosts(PRINTED));
  addEventListener("afterprint", () => showHosts());
  bindTheme();
  showProblems();
  showMap();
  bindHosts(showNext());
  showSpread();
  showHosts();
  openNamed();
  document.documentElement.dataset.readyAfter = String(Math.round(performance.now()));
  document.documentElement.dataset.scriptTook = String(Math.round(performance.now() - started));
})();
