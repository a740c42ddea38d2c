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
