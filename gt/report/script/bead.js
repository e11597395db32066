// One Bead

const dialog = $("bead");
const part = (title, ...inside) => [make("h3", {}, title), ...inside];
const fact = (name, ...value) => (value.flat().some((each) => each !== "" && each !== null && each !== undefined) ? [make("dt", {}, name), make("dd", {}, ...value)] : []);
const prose = (said) => make("pre", {}, make("bdi", {}, said));
function open(bead) {
  const close = make("button", { type: "button" }, "Close");
  close.addEventListener("click", () => dialog.close());
  const queued = standing.get(bead.id), landed = bead.landed && commitOf.get(bead.landed.commit);
  const attempts = (bead.attempts || []).map((each) => {
    const runs = runsOf.get(`${bead.id}/${each.token}`) || [];
    const usage = Object.entries(each.usage || {}).map(([name, value]) => `${name} ${Number(value.toFixed(3))}`).join(", ");
    return make("li", { class: "row" }, make("span", { class: "name" }, `${each.token} ${each.agent || "people"}`), badge(each.result),
      make("span", { class: "meta" }, "from ", time(each.start), `, for ${length(Date.parse(each.end) - Date.parse(each.start))}`, usage && ` \u00b7 ${usage}`),
      each.reason && (each.reason.includes("\n") ? make("details", {}, make("summary", {}, firstLine(each.reason)), prose(each.reason)) : make("span", { class: "why" }, each.reason)),
      runs.length > 0 && make("ul", {}, ...runs.map(runItem)));
  });
  dialog.replaceChildren(
    make("div", { class: "top" }, make("span", { class: "id" }, bead.id), state(bead), close),
    make("h2", { id: "bead-title" }, make("bdi", {}, bead.title)),
    bead.why ? make("ul", {}, ...bead.why.map((each) => make("li", { class: "why" }, make("bdi", {}, each)))) : "",
    make("p", {}, hint(bead.hint) || ""),
    make("dl", { class: "facts" },
      fact("type", `${bead.type}, priority ${bead.priority}`), fact("created", time(bead.created), ` by ${bead.by}`),
      fact("labels", (bead.labels || []).join(", ")), fact("agent", bead.agent || ""), fact("target", bead.base || ""),
      fact("part of", bead.parent ? link(bead.parent) : ""), fact("needs", links(bead.needs || [])),
      fact("needed by", links(neededBy.get(bead.id) || [])), fact("holds", links(children.get(bead.id) || [])),
      bead.lease ? fact("held by", `${bead.lease.actor}, ${bead.lease.token}, since `, time(bead.lease.started), " until ", time(bead.lease.expires)) : [],
      bead.submission ? fact("submitted", `${bead.submission.commit.slice(0, 12)} for ${bead.submission.target}, `, time(bead.submission.at)) : [],
      queued ? fact("queue", `${queued.position}., ${queued.standing}`) : [],
      bead.landed ? fact("landed", `${bead.landed.commit.slice(0, 12)}, `, time(bead.landed.at)) : [],
      bead.closed ? fact("closed", `${bead.closed.reason} by ${bead.closed.by}, `, time(bead.closed.at), bead.closed.note ? `: ${bead.closed.note}` : "") : []),
    ...(landed ? part("What proves it", make("div", { class: "row" }, ...evidence(landed).filter(Boolean))) : []),
    ...(bead.question ? part("Question", prose(bead.question.text), bead.question.answer ? prose(bead.question.answer) : "") : []),
    ...(bead.body ? part("What is wanted", prose(bead.body)) : []),
    ...(bead.acceptance ? part("Done when", prose(bead.acceptance)) : []),
    ...(attempts.length ? part("Attempts", make("ul", { class: "rows" }, ...attempts)) : []),
    ...(bead.notes ? part("Notes", ...bead.notes.map((note) => make("div", {}, make("span", { class: "meta" }, time(note.at), ` ${note.by}`), prose(note.text)))) : []),
  );
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}
let view = "now";
dialog.addEventListener("close", () => { if (beads.has(hash())) history.replaceState(null, "", `#${view}`); });
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
const hash = () => {
  try { return decodeURIComponent(location.hash.slice(1)); } catch { return ""; }
};
