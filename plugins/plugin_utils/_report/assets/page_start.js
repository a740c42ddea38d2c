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
