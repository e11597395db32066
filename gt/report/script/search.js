// What is looked for

const by = { state: $("by-state"), agent: $("by-agent"), type: $("by-type"), label: $("by-label") };
const agentOf = (bead) => {
  const last = (bead.attempts || []).at(-1);
  return (bead.lease && (bead.lease.agent || "people")) || (last && (last.agent || "people")) || bead.agent || "";
};
const fields = { state: (b) => [b.state], agent: (b) => [agentOf(b)], type: (b) => [b.type], label: (b) => b.labels || [] };
for (const [name, select] of Object.entries(by)) {
  const values = new Set(data.beads.flatMap(fields[name]).filter(Boolean));
  select.append(...[...values].sort().map((value) => make("option", { value }, value)));
  select.parentElement.hidden = !values.size;
}
const texts = new Map();
function text(bead) {
  if (!texts.has(bead.id)) {
    const parts = [bead.id, bead.title, bead.state, bead.type, agentOf(bead), bead.by, bead.body, bead.acceptance,
      ...(bead.labels || []), ...(bead.why || []), ...(bead.notes || []).map((note) => note.text)];
    texts.set(bead.id, parts.filter(Boolean).join("\n").toLowerCase());
  }
  return texts.get(bead.id);
}

let wanted = null; // the ids that are looked for; null: all
function look() {
  const words = $("words").value.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = Object.entries(by).filter(([, select]) => select.value);
  if (!words.length && !chosen.length) {
    wanted = null;
    $("count").textContent = plural(data.beads.length, "Bead");
  } else {
    const found = data.beads.filter((bead) =>
      chosen.every(([name, select]) => fields[name](bead).includes(select.value)) &&
      words.every((word) => text(bead).includes(word)));
    wanted = new Set(found.map((bead) => bead.id));
    $("count").textContent = `${found.length} of ${plural(data.beads.length, "Bead")}`;
  }
  refresh();
}
const fits = (ids) => wanted === null || ids.some((id) => wanted.has(id));
