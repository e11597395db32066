// Lists that grow as they are read

const SLICE = 60;
/** A list into which rows are put a slice at a time: `show(rows)` begins anew. */
function listing(place, row, nothing) {
  const list = make("ul", { class: "rows" });
  const empty = make("p", { class: "empty" }, nothing);
  const more = make("button", { class: "more", type: "button" });
  let rows = [];
  let shown = 0;
  function add() {
    list.append(...rows.slice(shown, shown + SLICE).map(row));
    shown = Math.min(rows.length, shown + SLICE);
    more.hidden = shown === rows.length;
    more.textContent = `Show more: ${rows.length - shown} are left`;
  }
  more.addEventListener("click", () => {
    const at = list.children.length;
    add();
    const next = list.children[at] && list.children[at].querySelector("a, button, summary");
    if (next) next.focus();
  });
  const near = new IntersectionObserver((seen) => {
    if (!seen.at(-1).isIntersecting || more.hidden) return;
    add();
    near.unobserve(more); // looked at anew, it is told again if it is still near
    near.observe(more);
  }, { rootMargin: "900px" });
  near.observe(more);
  place.append(list, empty, more);
  return (found) => {
    rows = found;
    shown = 0;
    list.replaceChildren();
    add();
    list.hidden = !rows.length;
    empty.hidden = Boolean(rows.length);
  };
}
const place = (name) => $(name).querySelector(".fill");
const bar = (...inside) => make("div", { class: "bar" }, ...inside);
function button(label, said, act) {
  const made = make("button", { type: "button", "aria-label": said, title: said }, label);
  made.addEventListener("click", act);
  return made;
}
function choice(label, options, act) {
  const select = make("select", {}, ...options.map(([value, name]) => make("option", { value }, name)));
  select.addEventListener("change", act);
  return [make("label", {}, label, select), select];
}
