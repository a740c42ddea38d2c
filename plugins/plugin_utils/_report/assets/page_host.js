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
