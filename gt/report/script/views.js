// Views

const views = [...document.querySelectorAll("main > section")].map((section) => section.id);
const fresh = new Map(); // by view: whether it shows what is looked for
const shows = {
  beads: () => showBeads(data.beads.filter((bead) => fits([bead.id])).sort(orders[order.value])),
  graph: (anew) => { if (anew || !boxes.length) layOut(); else forget(); paint(); },
  timeline: () => {
    const found = spans.filter((each) => each.to >= from && each.from <= to && fits(each.run && each.run.members.length ? each.run.members.map((text) => member(text)[0]) : [each.bead]));
    chartIt(found);
    showSpans(found);
  },
  queue: () => showQueue(data.queue.filter((each) => fits([each.bead]))),
  landings: () => showLandings(data.commits.filter((each) => fits(each.beads))),
  log: () => showLog(data.events.filter((each) => fits(each.beads))),
};
function refresh(anew) {
  fresh.clear();
  bring(anew);
}
function bring(anew) {
  if (shows[view] && !fresh.get(view)) shows[view](anew);
  fresh.set(view, true);
}
function turn() {
  const name = hash();
  if (beads.has(name)) {
    open(beads.get(name));
    return;
  }
  if (dialog.open) dialog.close();
  if (views.includes(name) || !name) enter(name || "now");
}
function enter(name) {
  view = name;
  for (const each of views) $(each).hidden = each !== view;
  for (const each of document.querySelectorAll("nav a")) {
    if (each.hash !== `#${view}`) {
      each.removeAttribute("aria-current");
    } else {
      each.setAttribute("aria-current", "page");
      const row = each.closest("nav");
      row.scrollLeft = each.offsetLeft - row.offsetLeft - (row.clientWidth - each.offsetWidth) / 2;
    }
  }
  bring();
  scrollTo({ top: 0, behavior: "instant" });
}
addEventListener("hashchange", turn);
let typing = 0;
const search = $("search");
const roomy = matchMedia("(min-width: 48rem)"); // there the filters can't be folded up
const unfold = () => { search.querySelector("details").open = roomy.matches; };
roomy.addEventListener("change", unfold);
unfold();
search.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    look();
    if (!shows[view]) location.hash = "beads";
  }, 100);
});
search.addEventListener("submit", (event) => event.preventDefault());
search.addEventListener("reset", () => setTimeout(look));
for (const chip of document.querySelectorAll("[data-state]")) {
  chip.addEventListener("click", () => {
    search.reset();
    by.state.value = chip.dataset.state;
    look();
    // The reset's own look comes later, and finds the same.
  });
}
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
  if (event.target instanceof Element && event.target.closest("input, select, textarea")) return;
  event.preventDefault();
  $("words").focus();
});
let resizing = 0;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => { fresh.delete("timeline"); if (view === "timeline" || view === "graph") refresh(); }, 150);
});
