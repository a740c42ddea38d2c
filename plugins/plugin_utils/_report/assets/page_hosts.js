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
