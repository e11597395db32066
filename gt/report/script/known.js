// What is known

const beads = new Map(data.beads.map((bead) => [bead.id, bead]));
const index = (pairs) => {
  const found = new Map();
  for (const [key, value] of pairs) found.has(key) ? found.get(key).push(value) : found.set(key, [value]);
  return found;
};
const neededBy = index(data.beads.flatMap((bead) => (bead.needs || []).map((need) => [need, bead.id])));
const children = index(data.beads.filter((bead) => bead.parent).map((bead) => [bead.parent, bead.id]));
const member = (text) => text.split("/");
const runsOf = index(data.runs.flatMap((run) => run.members.map((each) => [member(each).slice(0, 2).join("/"), run])));
const commitOf = new Map(data.commits.map((each) => [each.commit, each]));
const standing = new Map(data.queue.map((each) => [each.bead, each]));

const GOOD = new Set(["submitted", "pass", "kept", "recorded", "run"]);
const STILL = new Set(["infra", "interrupted", "released", "asked", "overtaken", "could-not-run", "waived", "bypassed", "none"]);
const tone = (word) => (GOOD.has(word) ? "good" : STILL.has(word) ? "still" : word === "under way" ? "live" : "bad");
const badge = (word, kind) => make("span", { class: `state ${kind || `t-${tone(word)}`}` }, word);
const state = (bead) => badge(bead.state, `s-${bead.state}`);
const hint = (command) => command && make("code", { class: "hint" }, command);
function link(id) {
  const bead = beads.get(id);
  if (!bead) return make("span", { class: "id" }, id);
  return make("a", { class: "name", href: `#${id}` }, make("span", { class: "id" }, id), " ", make("bdi", {}, bead.title));
}
const links = (ids) => ids.flatMap((id, at) => [at ? ", " : "", link(id)]);

/** Everything that held a Bead or a slot, with its time in milliseconds. */
const spans = [
  ...data.beads.flatMap((bead) => (bead.attempts || []).map((each) => ({
    who: each.agent || "people", bead: bead.id, from: Date.parse(each.start), to: Date.parse(each.end),
    word: each.result, what: `attempt ${each.token}`, why: each.reason, start: each.start,
  }))),
  ...data.attempts.map((each) => ({
    who: each.agent || "people", bead: each.bead, from: Date.parse(each.started), to: now, word: "under way",
    what: `attempt ${each.token}`, why: `${each.actor}, until ${moment(each.expires)}`, start: each.started,
  })),
  ...data.runs.map((run) => ({
    who: `gate ${run.gate}`, bead: run.members.length ? member(run.members[0])[0] : "", from: Date.parse(run.end) - run.seconds * 1000,
    to: Date.parse(run.end), word: run.verdict, what: on(run), why: run.why, start: run.start, run,
  })),
].sort((one, other) => other.from - one.from);

function on(run) {
  if (!run.members.length) return `control run of ${run.base.slice(0, 12)}`;
  const [first] = member(run.members[0]);
  const others = run.members.length - 1;
  return `run on ${run.tree.slice(0, 12)}: ${first}` + (others ? ` and ${plural(others, "other")}` : "");
}
