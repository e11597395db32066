// The queue, landings, the log

const showQueue = listing(place("queue"), (each) => make("li", { class: "row" }, link(each.bead),
  badge(each.standing, each.standing === "due" ? "t-live" : each.standing === "held" ? "t-bad" : "t-still"),
  make("span", { class: "meta" }, `${each.position}. for ${each.target}, ${each.token}, commit ${each.commit.slice(0, 12)}`,
    beads.get(each.bead) && beads.get(each.bead).submission ? [", submitted ", time(beads.get(each.bead).submission.at)] : ""),
  each.why && make("span", { class: "why" }, make("bdi", {}, each.why)), hint(each.hint)), "Nothing is submitted.");

const PROOFS = { kept: "its outcome is kept here", recorded: "the commit says so", bypassed: "landed without proof, by a person's word",
  waived: "was red, and waived", red: "failed", none: "nothing here says anything", run: "ran just now" };
const runsFor = (bead) => bead && bead.submission ? runsOf.get(`${bead.id}/${bead.submission.token}`) || [] : [];
const runItem = (run) => make("li", {}, badge(run.verdict), ` gate ${run.gate} on tree ${run.tree.slice(0, 12)}, `, time(run.end),
  `, ${length(run.seconds * 1000)}, ${run.why}`);
function evidence(each) {
  const gates = Object.entries(each.gates);
  const runs = [...new Set(each.beads.flatMap((id) => runsFor(beads.get(id))))];
  return [
    make("span", { class: "meta" }, gates.length ? gates.flatMap(([gate, proof]) => ["gate ", gate, " ", badge(proof), ` ${PROOFS[proof] || ""} `,
      each.waivers[gate] ? `(${each.waivers[gate]}) ` : ""]) : "no gates then"),
    runs.length > 0 && make("details", {}, make("summary", {}, plural(runs.length, "gate run")), make("ul", {}, ...runs.map(runItem))),
  ];
}
const showLandings = listing(place("landings"), (each) => make("li", { class: "row" },
  make("span", { class: "name" }, make("bdi", {}, each.subject)), make("span", { class: "id" }, each.commit.slice(0, 12)),
  make("span", { class: "meta" }, `on ${each.target}, `, time(each.at), each.own ? "" : ", not by gt"),
  each.beads.length > 0 && make("ul", {}, ...each.beads.map((id) => make("li", {}, link(id)))),
  ...evidence(each)), "Nothing has landed.");

const showLog = listing(place("log"), (each) => make("li", { class: "row" },
  make("span", { class: "name" }, make("bdi", {}, each.subject)), make("span", { class: "id" }, each.commit.slice(0, 12)),
  make("span", { class: "meta" }, time(each.at), ` \u00b7 ${each.actor}`),
  each.beads.length > 0 && each.beads.length < 4 && make("ul", {}, ...each.beads.map((id) => make("li", {}, link(id))))), "Nothing happened.");
