// Beads

const URGENT = ["stuck", "leased", "submitted", "ready", "waiting", "proposed", "landed", "closed"];
const orders = {
  urgent: (one, other) => URGENT.indexOf(one.state) - URGENT.indexOf(other.state) || one.priority - other.priority || older(one, other),
  newest: (one, other) => -older(one, other),
  oldest: (one, other) => older(one, other),
  attempts: (one, other) => (other.attempts || []).length - (one.attempts || []).length || older(one, other),
};
const older = (one, other) => (one.created < other.created ? -1 : one.created > other.created ? 1 : one.id < other.id ? -1 : 1);
const [orderLabel, order] = choice("Order", [["urgent", "most urgent first"], ["newest", "newest first"], ["oldest", "oldest first"], ["attempts", "most attempts first"]], () => refresh());
place("beads").append(bar(orderLabel));
const showBeads = listing(place("beads"), (bead) => {
  const meta = [`priority ${bead.priority}`, bead.type, agentOf(bead), (bead.labels || []).join(" "),
    bead.attempts && plural(bead.attempts.length, "attempt"), `created ${moment(bead.created)}`];
  return make("li", { class: "row" }, link(bead.id), state(bead),
    make("span", { class: "meta" }, meta.filter(Boolean).join(" \u00b7 ")),
    bead.state !== "ready" && bead.why && make("span", { class: "why" }, make("bdi", {}, said(bead))));
}, "No Bead is like that.");
const firstLine = (said) => said.split("\n", 1)[0];
const said = (bead) => firstLine(bead.why[0].startsWith(`${bead.id} `) ? bead.why[0].slice(bead.id.length + 1) : bead.why[0]);
