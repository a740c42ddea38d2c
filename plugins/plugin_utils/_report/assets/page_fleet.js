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
