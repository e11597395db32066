// Colours

const theme = $("theme");
const root = document.documentElement;
function dress() {
  if (theme.value === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme.value;
  if (view === "timeline") refresh();
}
try { theme.value = localStorage.getItem("gt-report-theme") || "auto"; } catch { /* a page from disk may have no storage */ }
if (theme.selectedIndex < 0) theme.value = "auto";
theme.addEventListener("change", () => {
  try { localStorage.setItem("gt-report-theme", theme.value); } catch { /* it holds for this page only */ }
  dress();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dress);

dress();
enter(view);
look();
turn();
