// The timeline: bars on a canvas, and the same below as a list

const SPANS = [["3600000", "1 hour"], ["21600000", "6 hours"], ["86400000", "1 day"], ["604800000", "7 days"], ["0", "everything"]];
const [spanLabel, spanChoice] = choice("Show", SPANS, () => {
  const long = Number(spanChoice.value);
  [from, to] = long ? [to - long, to] : everything();
  refresh();
});
const everything = () => {
  const first = spans.reduce((least, each) => Math.min(least, each.from), now);
  const last = spans.reduce((most, each) => Math.max(most, each.to), first);
  const room = Math.max(5000, (last - first) / 50);
  return [first - room, last + room];
};
let [from, to] = everything();
spanChoice.value = "0";
const move = (by, grow) => () => {
  const long = to - from, middle = (from + to) / 2 + by * long;
  const [least, most] = everything();
  const wide = Math.min(Math.max(long * grow, 10000), most - least);
  from = Math.max(least, Math.min(middle - wide / 2, most - wide));
  to = from + wide;
  spanChoice.selectedIndex = SPANS.findIndex(([value]) => Number(value) === Math.round(wide));
  refresh();
};
const chart = make("div", { id: "chart", tabindex: "0", role: "region", "aria-label": "Timeline: scrolls; the same is in the list below" });
const canvas = make("canvas", { role: "img" });
const span = make("p", { class: "note", "aria-live": "polite" });
const tip = make("div", { id: "tip", hidden: "", "aria-hidden": "true" });
chart.append(canvas);
document.body.append(tip);
place("timeline").append(bar(spanLabel, button("\u2190", "Earlier", move(-0.5, 1)), button("\u2192", "Later", move(0.5, 1)),
  button("\u2212", "Zoom out", move(0, 2)), button("+", "Zoom in", move(0, 0.5))), span, chart);
const showSpans = listing(place("timeline"), (each) => make("li", { class: "row" },
  each.bead && beads.has(each.bead) ? link(each.bead) : make("span", { class: "name" }, each.what), badge(each.word),
  make("span", { class: "meta" }, `${each.who}, ${each.what}, from `, precisely(each.start), `, for ${length(each.to - each.from)}`),
  each.why && each.word !== "pass" && make("span", { class: "why" }, make("bdi", {}, firstLine(each.why)))), "Nobody held anything then.");

const BAR = 14, GAP = 3, HEAD = 22, AXIS = 22, LANES = 40;
let bars = [];
function chartIt(found) {
  const groups = index(found.map((each) => [each.who, each]));
  const names = [...groups.keys()].sort((one, other) => one.startsWith("gate ") - other.startsWith("gate ") || (one < other ? -1 : 1));
  let y = AXIS;
  bars = [];
  const heads = [];
  for (const name of names) {
    heads.push([name, y, groups.get(name)]);
    const ends = [];
    for (const each of groups.get(name).slice().reverse()) {
      let lane = ends.findIndex((end) => end <= each.from);
      if (lane < 0) lane = ends.length < LANES ? ends.length : LANES - 1;
      ends[lane] = Math.max(each.to, each.from + (to - from) / 400);
      bars.push({ ...each, y: y + HEAD + lane * (BAR + GAP) });
    }
    y += HEAD + ends.length * (BAR + GAP) + 6;
  }
  const width = chart.clientWidth - 2, height = Math.max(y, 60), sharp = window.devicePixelRatio || 1;
  canvas.width = width * sharp;
  canvas.height = height * sharp;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
  const colours = Object.fromEntries(["ink", "quiet", "faint", "good", "bad", "still", "live", "panel"].map((name) => [name, colour(name)]));
  pen.scale(sharp, sharp);
  pen.font = "12px system-ui, sans-serif";
  const x = (at) => ((at - from) / (to - from)) * width;
  ticks(width).forEach(([at, said]) => {
    pen.fillStyle = colours.faint;
    pen.fillRect(Math.round(x(at)), 0, 1, height);
    pen.fillStyle = colours.quiet;
    if (x(at) + pen.measureText(said).width + 4 < width) pen.fillText(said, x(at) + 4, 14);
  });
  for (const each of bars) {
    const kind = tone(each.word);
    each.x = Math.max(0, x(each.from));
    each.wide = Math.max(3, Math.min(width, x(each.to)) - each.x);
    pen.fillStyle = pen.strokeStyle = colours[kind];
    if (kind === "still") {
      pen.lineWidth = 2;
      pen.strokeRect(each.x + 1, each.y + 1, Math.max(1, each.wide - 2), BAR - 2);
    } else if (kind === "live") {
      pen.fillRect(each.x, each.y + 4, each.wide, BAR - 8);
    } else {
      pen.fillRect(each.x, each.y, each.wide, BAR);
    }
    if (kind === "bad") {
      pen.fillStyle = colours.panel;
      pen.fillRect(each.x + 1, each.y + BAR / 2 - 1, each.wide - 2, 2);
    }
  }
  for (const [name, top, held] of heads) {
    const busy = held.reduce((sum, each) => sum + Math.min(to, each.to) - Math.max(from, each.from), 0);
    const said = `${name}: ${plural(held.length, name.startsWith("gate ") ? "run" : "attempt")}, ${length(busy)}`;
    pen.fillStyle = colours.panel;
    pen.fillRect(0, top + 2, pen.measureText(said).width + 12, HEAD - 6);
    pen.fillStyle = colours.ink;
    pen.fillText(said, 6, top + 15);
  }
  canvas.setAttribute("aria-label", `${plural(found.length, "bar")}, each an attempt or a gate run. ` +
    names.map((name) => `${name}: ${groups.get(name).length}`).join(", "));
  const at = (ms) => moment(new Date(ms).toISOString());
  span.textContent = `${at(from)} to ${at(to)}, ${length(to - from)}: ${plural(found.length, "bar")}, each an attempt or a gate run. ` +
    "Full: good. With a line through: failed. Hollow: neither. Thin: under way.";
  chart.hidden = !found.length;
}
function ticks(width) {
  const steps = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 7776000, 31536000].map((s) => s * 1000);
  const step = steps.find((each) => (each / (to - from)) * width >= 90) || steps.at(-1);
  const found = [];
  for (let at = Math.ceil(from / step) * step; at < to; at += step) {
    const iso = new Date(at).toISOString();
    found.push([at, step >= 86400000 ? iso.slice(0, 10) : step >= 60000 ? (iso.slice(11, 16) === "00:00" ? iso.slice(5, 10) : iso.slice(11, 16)) : iso.slice(11, 19)]);
  }
  return found;
}
const under = (event) => bars.findLast((each) => event.offsetX >= each.x - 1 && event.offsetX <= each.x + each.wide + 1 &&
  event.offsetY >= each.y && event.offsetY <= each.y + BAR);
canvas.addEventListener("mousemove", (event) => {
  const each = under(event);
  tip.hidden = !each;
  if (!each) return;
  const title = beads.has(each.bead) ? `: ${beads.get(each.bead).title}` : "";
  tip.textContent = `${each.bead}${title} \u2014 ${each.who}, ${each.what}, ${each.word}, ${length(each.to - each.from)}`;
  tip.style.left = `${Math.min(event.clientX + 12, window.innerWidth - tip.offsetWidth - 8)}px`;
  tip.style.top = `${event.clientY + 16}px`;
});
canvas.addEventListener("mouseleave", () => { tip.hidden = true; });
canvas.addEventListener("click", (event) => {
  const each = under(event);
  if (each && beads.has(each.bead)) location.hash = each.bead;
});
