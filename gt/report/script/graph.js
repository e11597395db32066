// The graph: only what can be seen of it is there

const WIDE = 230, HIGH = 48, ACROSS = 300, DOWN = 64, EDGE = 16;
const plan = make("div", { id: "plan", tabindex: "0", role: "region", "aria-label": "Graph: scrolls; the same Beads are in the list of Beads" });
const kinds = [["live", "what has not ended"], ["all", "what has ended, too"]];
const [whichLabel, which] = choice("Show", kinds, () => refresh(true));
const graphNote = make("p", { class: "note" });
let scale = 1;
function zoom(by) {
  const [x, y] = [plan.scrollLeft + plan.clientWidth / 2, plan.scrollTop + plan.clientHeight / 2].map((each) => each / scale);
  scale = Math.min(2, Math.max(0.25, scale * by));
  size();
  plan.scrollTo({ left: x * scale - plan.clientWidth / 2, top: y * scale - plan.clientHeight / 2, behavior: "instant" });
  paint();
}
place("graph").append(bar(whichLabel, button("\u2212", "Zoom out", () => zoom(1 / 1.5)), button("+", "Zoom in", () => zoom(1.5))), graphNote, plan);
const drawing = draw("svg", { "aria-hidden": "true" });
const lineLayer = draw("g"), boxLayer = draw("g");
drawing.append(draw("defs", {}, draw("marker", { id: "tip-of-line", viewBox: "0 0 8 8", refX: 8, refY: 4, markerUnits: "userSpaceOnUse",
  markerWidth: 10, markerHeight: 10, orient: "auto" }, draw("path", { d: "M0 0 8 4 0 8z" }))), lineLayer, boxLayer);
plan.append(drawing);
let boxes = [], lines = [], there = new Map();
if (!Object.keys(drawings.live.beads).length) which.value = "all";

function layOut() {
  const drawn = drawings[which.value];
  const critical = new Set(drawn.critical);
  const chain = new Set(drawn.critical.slice(1).map((id, at) => `${drawn.critical[at]} ${id}`));
  boxes = Object.entries(drawn.beads).map(([id, [column, row]]) =>
    ({ id, x: EDGE + column * ACROSS, y: EDGE + row * DOWN, critical: critical.has(id) }));
  lines = drawn.lines.map(([kind, before, after, ...places]) => {
    const points = [];
    for (let at = 0; at < places.length; at += 2) points.push([EDGE + places[at] * ACROSS, EDGE + places[at + 1] * DOWN + HIGH / 2]);
    const xs = points.map(([x]) => x), ys = points.map(([, y]) => y);
    return { kind, points, key: `${before} ${after} ${kind}`, critical: chain.has(`${before} ${after}`), ends: [before, after],
      left: Math.min(...xs), right: Math.max(...xs) + WIDE, top: Math.min(...ys), bottom: Math.max(...ys) };
  });
  const told = [`${plural(boxes.length, "Bead")},`, "from what comes first, on the left, to what waits for it. Dashed: part of. Bold: the longest chain."];
  if (drawn.alone) told.push(`Not drawn: ${plural(drawn.alone, "Bead")} that no line leads to.`);
  graphNote.textContent = boxes.length ? told.join(" ") : "Nothing waits for anything.";
  plan.hidden = !boxes.length;
  forget();
  size();
}
function forget() {
  there = new Map();
  lineLayer.replaceChildren();
  boxLayer.replaceChildren();
}
function size() {
  const { columns, rows } = drawings[which.value];
  const width = Math.max(0, columns * ACROSS - (ACROSS - WIDE)) + 2 * EDGE, height = Math.max(0, rows * DOWN - (DOWN - HIGH)) + 2 * EDGE;
  drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
  drawing.setAttribute("width", width * scale);
  drawing.setAttribute("height", height * scale);
}
function path(points) {
  let [x, y] = points[0];
  x += WIDE;
  let d = `M${x} ${y}`;
  points.slice(1).forEach(([toX, toY], at, rest) => {
    const bend = Math.max((toX - x) / 2, ACROSS - WIDE);
    d += `C${x + bend} ${y} ${toX - bend} ${toY} ${toX} ${toY}`;
    [x, y] = [toX, toY];
    if (at < rest.length - 1) d += `H${(x += WIDE)}`;
  });
  return d;
}
function box({ id, x, y, critical }) {
  const bead = beads.get(id);
  const short = bead.title.length > 30 ? `${bead.title.slice(0, 29)}\u2026` : bead.title;
  return draw("a", { href: `#${id}`, tabindex: "-1", class: [critical && "critical", !fits([id]) && "dim"].filter(Boolean).join(" ") },
    draw("title", {}, `${id} ${bead.state}: ${bead.title}`),
    draw("rect", { x, y, width: WIDE, height: HIGH, rx: 6, class: `s-${bead.state}` }),
    draw("text", { class: "id", x: x + 10, y: y + 19 }, `${id} \u00b7 ${bead.state}`),
    draw("text", { x: x + 10, y: y + 36 }, short));
}
function paint() {
  const room = 300;
  const left = plan.scrollLeft / scale - room, top = plan.scrollTop / scale - room;
  const right = (plan.scrollLeft + plan.clientWidth) / scale + room, bottom = (plan.scrollTop + plan.clientHeight) / scale + room;
  const seen = new Set();
  const put = (layer, key, element) => {
    seen.add(key);
    if (there.has(key)) return;
    const made = element();
    there.set(key, made);
    layer.append(made);
  };
  for (const each of boxes) {
    if (each.x < right && each.x + WIDE > left && each.y < bottom && each.y + HIGH > top) put(boxLayer, each.id, () => box(each));
  }
  for (const each of lines) {
    if (each.left < right && each.right > left && each.top < bottom && each.bottom > top) {
      put(lineLayer, each.key, () => draw("path", { d: path(each.points), "marker-end": each.kind === "parent" ? null : "url(#tip-of-line)",
        class: [each.kind === "parent" && "parent", each.critical && "critical", !fits(each.ends) && "dim"].filter(Boolean).join(" ") }));
    }
  }
  for (const [key, element] of there) {
    if (seen.has(key)) continue;
    element.remove();
    there.delete(key);
  }
}
let painting = 0;
plan.addEventListener("scroll", () => { painting = painting || requestAnimationFrame(() => { painting = 0; paint(); }); }, { passive: true });
